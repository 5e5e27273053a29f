//! The real binary on a workspace "skyline" that is empty but for its owner, on the
//! demo's data, or on no workspace at all.

use std::io;
use std::net::TcpStream;

use testkit::{Node, PASSWORD, Proxy, Relay};

use super::tab::Tab;
use crate::BINARY;

/// Windows: a laptop, one just wide enough for tables, tablets, phones.
const WIDTHS: [u32; 6] = [1280, 1100, 1030, 768, 390, 320];

pub struct Site {
    /// The running server: `site.node.owner()` is the owner at the JSON API, `site.node.with_key(&key)` a key.
    pub node: Node,
    /// The site below: its database, and commands on it.
    pub folder: testkit::Site,
    /// The password of every member.
    password: String,
    /// Cleared to block the embedded typeface.
    has_typeface: bool,
    /// The public URL, if that is not the address of the node.
    public_url: Option<(String, Proxy<Wire>)>,
}

/// Carries all bytes.
struct Wire;

impl Relay for Wire {
    type Connection = ();

    fn carry_requests(&self, client: &TcpStream, server: &TcpStream, (): &()) -> io::Result<()> {
        io::copy(&mut &*client, &mut &*server).map(|_| ())
    }

    fn carry_responses(&self, server: &TcpStream, client: &TcpStream, (): &()) -> io::Result<()> {
        io::copy(&mut &*server, &mut &*client).map(|_| ())
    }
}

/// The path of the set-up link that a node has printed.
fn set_up_link(node: &Node) -> String {
    let said = node.stdout();
    let at = said.find("/setup#").unwrap_or_else(|| panic!("no link: {said}"));
    said[at..].split_whitespace().next().expect("a link").to_owned()
}

impl Site {
    pub fn new() -> Self {
        let folder = testkit::Site::new(BINARY);
        Self { node: folder.node(), folder, password: PASSWORD.to_owned(), has_typeface: true, public_url: None }
    }

    /// A server with a secret key, which it does not make by itself on Postgres.
    pub fn with_secret_key() -> Self {
        let folder = testkit::Site::new(BINARY);
        let key = folder.folder().join("given.secret-key");
        let key = key.to_str().expect("a path in UTF-8");
        folder.run(&["secret-key", "new", "--output", key]).is(0);
        let node = folder.node_with(&["--secret-key-file", key]);
        Self { node, folder, password: PASSWORD.to_owned(), has_typeface: true, public_url: None }
    }

    /// A server with a host name, without which there are no passkeys. The port is that of a proxy: it is known before the node
    /// starts.
    pub fn at_localhost() -> Self {
        let (folder, proxy) = (testkit::Site::new(BINARY), Proxy::to(0, Wire));
        let public_url = format!("http://localhost:{}", proxy.port());
        let node = folder.node_with(&["--public-url", &public_url]);
        proxy.redirect(node.address.port());
        Self { node, folder, password: PASSWORD.to_owned(), has_typeface: true, public_url: Some((public_url, proxy)) }
    }

    /// A server without a workspace, and the path of its set-up link.
    pub fn empty() -> (Self, String) {
        let folder = testkit::Site::empty(BINARY);
        let site = Self { node: folder.node(), folder, password: PASSWORD.to_owned(), has_typeface: true, public_url: None };
        let link = set_up_link(&site.node);
        (site, link)
    }

    /// A server without a workspace, with a host name and a secret key, and the path of its set-up link.
    pub fn empty_at_localhost() -> (Self, String) {
        let (folder, proxy) = (testkit::Site::empty(BINARY), Proxy::to(0, Wire));
        let public_url = format!("http://localhost:{}", proxy.port());
        let key = folder.folder().join("given.secret-key");
        let key = key.to_str().expect("a path in UTF-8");
        folder.run(&["secret-key", "new", "--output", key]).is(0);
        let node = folder.node_with(&["--public-url", &public_url, "--secret-key-file", key]);
        proxy.redirect(node.address.port());
        let link = set_up_link(&node);
        (Self { node, folder, password: PASSWORD.to_owned(), has_typeface: true, public_url: Some((public_url, proxy)) }, link)
    }

    /// The demo: months of an operator's data.
    pub fn demo() -> Self {
        let folder = testkit::Site::empty(BINARY);
        let node = Node::start(folder.command(&["demo", "--listen", "127.0.0.1:0"]));
        let said = node.stdout();
        let password = said.split("Password").nth(1).and_then(|rest| rest.split_whitespace().next());
        let password = password.unwrap_or_else(|| panic!("no password: {said}")).to_owned();
        Self { node, folder, password, has_typeface: true, public_url: None }
    }

    /// Blocks the embedded typeface in browsers of this site.
    pub fn without_typeface(self) -> Self {
        Self { has_typeface: false, ..self }
    }

    /// A browser that is signed in.
    #[track_caller]
    pub fn tab_of(&self, email: &str) -> Tab {
        let mut tab = self.tab();
        tab.open("/sign-in");
        tab.fill("Email", email);
        tab.fill("Password", &self.password);
        tab.click("button", "Sign in");
        tab.lacks("button", "Sign in");
        tab
    }

    /// A browser without a session.
    pub fn tab(&self) -> Tab {
        let address = format!("http://{}", self.node.address);
        let mut tab = Tab::at(self.public_url.as_ref().map_or(&address, |(public_url, _)| public_url));
        if !self.has_typeface {
            tab.without_typeface();
        }
        tab
    }

    /// Leaves the row of a node that was killed; the others see to it within seconds.
    pub fn a_node_that_has_ended(&self) {
        let id = self.folder.by_engine("x'01a215fbb32c79f8b58f9135ac8c6bf9'", "'01a215fb-b32c-79f8-b58f-9135ac8c6bf9'");
        self.folder.execute(&format!(
            "INSERT INTO nodes (id, started_at, applied_revision, lease_until, address, name, version) VALUES \
             ({id}, '2026-11-20 08:00:00+00:00', 0, '2026-11-23 09:30:00+00:00', '10.0.0.7:8080', 'south', '')"
        ));
    }

    /// Adds a member of this role, and says with which email they sign in; their password is [`PASSWORD`].
    pub fn member(&self, role: &str) -> String {
        let email = format!("{role}@skyline.example");
        let arguments = ["members", "add", "--email", &email, "--name", role, "--role", role, "--password-stdin"];
        self.folder.run_with_input(&arguments, PASSWORD).is(0);
        email
    }
}

impl Tab {
    /// Settings > the place of this name.
    #[track_caller]
    pub fn go_to(&mut self, place: &str) {
        self.within("navigation", "Settings", |menu| menu.click("link", place));
    }

    /// The name at the top right > Sign out.
    #[track_caller]
    pub fn sign_out(&mut self, name: &str) {
        self.click("button", name);
        self.click("button", "Sign out");
    }

    /// The whole key that is on the screen.
    #[track_caller]
    pub fn secret(&mut self) -> String {
        self.says("cannot be viewed again");
        let text = self.text();
        let at = text.find("pck_").expect("a key on the page");
        text[at..].chars().take(42).collect()
    }

    /// On a wide and a narrow window, by day and by night: no barrier, no sideways scrolling, no complaint, no other host.
    /// Without the embedded typeface, only what letters of another width can change is looked at.
    #[track_caller]
    pub fn is_fine_everywhere(&mut self) {
        self.fits_everywhere();
        if self.has_typeface {
            // Colours are looked at when they have settled.
            self.reduced_motion(true);
            for (width, height, is_dark) in [(1280, 800, false), (1280, 800, true), (390, 844, false), (320, 640, true)] {
                self.size(width, height);
                self.dark(is_dark);
                self.is_accessible();
            }
            self.size(1280, 800);
            self.is_clean();
        }
    }

    /// Nothing scrolls sideways or is cut at an edge, from a wide window to a narrow one, in the typeface that is expected.
    #[track_caller]
    fn fits_everywhere(&mut self) {
        let expected = if self.has_typeface { "Inter" } else { "DejaVu Sans" };
        let mut faults = Vec::new();
        for width in WIDTHS {
            self.size(width, 800);
            if self.scrolls_sideways() {
                faults.push(format!("it scrolls sideways at {width}"));
            }
            faults.extend(self.cut().into_iter().map(|element| format!("cut at {width}: {element}")));
        }
        self.size(1280, 800);
        assert!(faults.is_empty(), "{} in {expected}:\n{}", self.url(), faults.join("\n"));
        let typeface = self.typeface();
        assert!(typeface.as_deref().is_none_or(|family| family == expected), "{typeface:?}, not {expected}");
    }
}
