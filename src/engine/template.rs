//! Templates (tera) in data positions.
