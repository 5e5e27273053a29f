//! The pages, as a browser without a script sees them.

mod join;
mod members;
mod session;
mod setup;
