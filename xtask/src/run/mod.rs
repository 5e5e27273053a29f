//! Programs that a chore starts, and what holds them: when a guard is dropped, what it holds is gone.
//!
//! - `product` the binary and its commands; `process` a process in the background; `folder` a folder for all of them
//! - `http` single requests; `wait` until something has started; `stop` until whoever started the chore has had enough

mod folder;
mod http;
mod process;
mod product;
mod stop;
mod wait;

pub(crate) use folder::Folder;
pub(crate) use http::{answers, ask};
pub(crate) use process::Process;
pub(crate) use product::{Key, OWNER, Product, Profile, build};
pub(crate) use stop::Stop;
pub(crate) use wait::until;
