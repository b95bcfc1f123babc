//! `mc` on a real cluster: what it prints, what it does, and how it ends. A file per group of verbs.

mod doctor;
