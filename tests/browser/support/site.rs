//! The product as a person meets it: the real binary, on a workspace "skyline" that is empty but for its owner.

use super::process::{self, Node, PASSWORD};
use super::tab::Tab;

pub struct Site {
    /// The running server: `site.node.owner()` is the owner at the JSON API, `site.node.with(&key)` a key.
    pub node: Node,
    /// Where its data is, and where the command line works on it.
    pub folder: process::Site,
}

impl Site {
    pub fn new() -> Self {
        let folder = process::Site::new();
        Self { node: folder.node(), folder }
    }

    /// Somebody at a browser of their own.
    pub fn tab(&self) -> Tab {
        Tab::at(&format!("http://{}", self.node.address))
    }

    /// Adds a member of this role, and says with which email they sign in; their password is [`PASSWORD`].
    pub fn member(&self, role: &str) -> String {
        let email = format!("{role}@skyline.example");
        let arguments = ["members", "add", "--email", &email, "--name", role, "--role", role, "--password-stdin"];
        self.folder.run_with(&arguments, PASSWORD).is(0);
        email
    }
}

impl Tab {
    /// Signs in, and is where that leads.
    #[track_caller]
    pub fn sign_in(&mut self, email: &str) {
        self.open("/sign-in");
        self.fill("Email", email);
        self.fill("Password", PASSWORD);
        self.click("button", "Sign in");
        self.lacks("button", "Sign in");
    }

    /// The whole key that is on the screen.
    #[track_caller]
    pub fn secret(&mut self) -> String {
        self.says("cannot be viewed again");
        let text = self.text();
        let at = text.find("pck_").expect("a key on the page");
        text[at..].chars().take(42).collect()
    }
}
