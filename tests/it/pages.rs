//! The pages, as a browser without a script sees them.

mod new_key;
mod session;
