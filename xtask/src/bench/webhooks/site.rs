//! Nodes on a database, its workspaces, and their endpoints.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::Programs;
use super::receiver::Receiver;
use crate::bench::rivals::{self, Server, product_command};
use crate::run::{Folder, Product, Stop};

/// A database with what its nodes need.
pub(super) struct Site<'a> {
    pub(super) product: Product,
    folder: &'a Folder,
    receiver: &'a Receiver,
    secret_key: PathBuf,
    stop: &'a Stop,
}

/// A workspace as its owner reaches it.
pub(super) struct Workspace {
    slug: String,
    email: String,
    password: String,
}

impl<'a> Site<'a> {
    /// Prepares nodes on the database at this location.
    pub(super) fn new(
        programs: &Programs,
        database: String,
        folder: &'a Folder,
        receiver: &'a Receiver,
        stop: &'a Stop,
    ) -> io::Result<Self> {
        let secret_key = folder.path().join("secret-key");
        let made = Command::new(&programs.product)
            .args(["secret-key", "new", "--output"])
            .arg(&secret_key)
            .stdout(Stdio::null())
            .status()?;
        if !made.success() {
            return Err(io::Error::other("there is no secret key"));
        }
        let product = Product { binary: programs.product.clone(), database };
        Ok(Self { product, folder, receiver, secret_key, stop })
    }

    /// Creates a workspace.
    pub(super) fn workspace(&self, slug: &str) -> io::Result<Workspace> {
        let email = format!("owner@{slug}.example");
        let password = self.product.make_workspace_of(slug, &email)?;
        Ok(Workspace { slug: slug.to_owned(), email, password })
    }

    /// Starts a node that delivers to the receiver.
    pub(super) fn node(&self, name: &str) -> io::Result<Server> {
        let path = |path: &std::path::Path| path.display().to_string();
        let (authority, key) = (path(self.receiver.authority()), path(&self.secret_key));
        let flags = ["--webhook-allow", "127.0.0.0/8", "--webhook-ca", &authority, "--secret-key-file", &key];
        Server::start(self.folder.path(), name, self.stop, |at| product_command(&self.product, at, &flags))
    }
}

impl Workspace {
    /// Creates an endpoint for each of these places of the receiver.
    pub(super) fn endpoints(
        &self,
        node: &Server,
        receiver: &Receiver,
        places: impl IntoIterator<Item = usize>,
        is_active: bool,
    ) -> io::Result<()> {
        let token = self.sign_in(node.address)?;
        for place in places {
            let body = format!(r#"{{"url":"{}","events":["trip.*"],"active":{is_active}}}"#, receiver.url(place));
            rivals::post(node.address, "/webhooks", Some(&token), &body)?;
        }
        Ok(())
    }

    /// Creates a key that may write trips. Returns its secret.
    pub(super) fn key(&self, node: &Server) -> io::Result<String> {
        let token = self.sign_in(node.address)?;
        let body = r#"{"name":"Bench","permissions":"read_write","expiresAt":null,"rateLimit":null}"#;
        rivals::field(&rivals::post(node.address, "/api-keys", Some(&token), body)?, "secret")
    }

    fn sign_in(&self, address: SocketAddr) -> io::Result<String> {
        rivals::sign_in_as(address, &self.email, &self.password)
            .map_err(|error| io::Error::other(format!("{}: {error}", self.slug)))
    }
}
