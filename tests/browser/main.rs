//! The pages in a real Chromium, found and used the way a person with a screen reader does.

mod support;

mod everywhere;
mod guide;
mod pictures;
mod practice;
mod reference;
