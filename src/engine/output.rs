//! What an agent said -> STATUS and `KEY: value` lines.
