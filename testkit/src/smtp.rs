//! An SMTP server (RFC 5321) on this machine, with STARTTLS or TLS, that keeps what it receives and can misbehave.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The user and the password that the server accepts.
pub const SMTP_USER: &str = "ops@skyline.example";
pub const SMTP_PASSWORD: &str = "p/w of the relay";

/// The encryption of its connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpEncryption {
    None,
    StartTls,
    Tls,
}

/// Its behaviour.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum SmtpConduct {
    #[default]
    Proper,
    /// Accepts connections and says nothing.
    Mute,
    /// Refuses every recipient for good.
    UnknownRecipient,
    /// Refuses every recipient for now.
    TryLater,
    /// Takes the whole email, and closes the connection without an answer.
    HangUpAfterData,
    /// Takes the whole email, and answers nothing.
    MuteAfterData,
}

/// An email as it was received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedMail {
    pub from: String,
    pub to: Vec<String>,
    /// Header and body, as they were sent.
    pub data: String,
    pub was_encrypted: bool,
    /// The user who had signed in.
    pub user: Option<String>,
}

pub struct SmtpServer {
    port: u16,
    certificate: String,
    encryption: SmtpEncryption,
    shared: Arc<Shared>,
}

struct Shared {
    encryption: SmtpEncryption,
    tls: Arc<ServerConfig>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    received: Vec<ReceivedMail>,
    conduct: SmtpConduct,
    is_over: bool,
    connections: Vec<TcpStream>,
}

impl SmtpServer {
    pub fn start(encryption: SmtpEncryption) -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let chain: Vec<CertificateDer<'static>> = vec![certified.cert.der().clone()];
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let tls = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).expect("a configuration"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared { encryption, tls, state: Mutex::default() });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.state().is_over {
                    return;
                }
                accepting.state().connections.extend(stream.try_clone());
                let shared = Arc::clone(&accepting);
                thread::spawn(move || {
                    let below = stream.try_clone();
                    // A client that is killed or gives up ends its conversation anywhere.
                    let _ended = shared.converse(stream);
                    let _closed = below.map(|below| below.shutdown(std::net::Shutdown::Both));
                });
            }
        });
        Self { port, certificate: certified.cert.pem(), encryption, shared }
    }

    /// The URL for `--smtp-url`, with the password unless it would be sent in clear.
    pub fn url(&self) -> String {
        let port = self.port;
        let credentials = "ops%40skyline.example:p%2Fw%20of%20the%20relay";
        match self.encryption {
            SmtpEncryption::None => format!("smtp://localhost:{port}?tls=none"),
            SmtpEncryption::StartTls => format!("smtp://{credentials}@localhost:{port}"),
            SmtpEncryption::Tls => format!("smtps://{credentials}@localhost:{port}"),
        }
    }

    /// The certificate as PEM, which is its own authority.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    pub fn received(&self) -> Vec<ReceivedMail> {
        self.shared.state().received.clone()
    }

    /// Behaves like this from the next command on.
    pub fn conduct(&self, conduct: SmtpConduct) {
        self.shared.state().conduct = conduct;
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.is_over = true;
        for connection in state.connections.drain(..) {
            // The client may have closed it.
            let _closed = connection.shutdown(std::net::Shutdown::Both);
        }
        drop(state);
        let _wakes_the_listener = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// A conversation, encrypted or not.
trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

struct Conversation<'a> {
    shared: &'a Shared,
    wire: BufReader<Box<dyn Wire>>,
    is_encrypted: bool,
    user: Option<String>,
    from: String,
    to: Vec<String>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    fn conduct(&self) -> SmtpConduct {
        self.state().conduct
    }

    fn encrypted(&self, stream: TcpStream) -> Box<dyn Wire> {
        Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(&self.tls)).expect("a connection"), stream))
    }

    fn converse(&self, stream: TcpStream) -> io::Result<()> {
        if self.conduct() == SmtpConduct::Mute {
            mute();
            return Ok(());
        }
        let (below, is_encrypted) = (stream.try_clone()?, self.encryption == SmtpEncryption::Tls);
        let wire: Box<dyn Wire> = if is_encrypted { self.encrypted(stream) } else { Box::new(stream) };
        let (wire, to) = (BufReader::new(wire), Vec::new());
        let mut talk = Conversation { shared: self, wire, is_encrypted, user: None, from: String::new(), to };
        talk.say("220 localhost ESMTP")?;
        while let Some(line) = talk.line()? {
            if line.eq_ignore_ascii_case("STARTTLS") {
                talk.say("220 go ahead")?;
                talk.wire = BufReader::new(self.encrypted(below.try_clone()?));
                talk.is_encrypted = true;
            } else if !talk.answer(&line)? {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Conversation<'_> {
    fn say(&mut self, line: &str) -> io::Result<()> {
        let wire = self.wire.get_mut();
        wire.write_all(format!("{line}\r\n").as_bytes())?;
        wire.flush()
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        Ok((self.wire.read_line(&mut line)? > 0).then(|| line.trim_end().to_owned()))
    }

    /// Answers a command. Returns false at the end of the conversation.
    fn answer(&mut self, line: &str) -> io::Result<bool> {
        let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => self.greet()?,
            "AUTH" => self.sign_in(line)?,
            "MAIL" if self.shared.encryption != SmtpEncryption::None && self.user.is_none() => {
                self.say("530 5.7.0 Authentication required")?;
            }
            "MAIL" => {
                (self.from, self.to) = (address(line), Vec::new());
                self.say("250 OK")?;
            }
            "RCPT" => self.recipient(line)?,
            "DATA" => return self.data(),
            "QUIT" => {
                self.say("221 bye")?;
                return Ok(false);
            }
            _ => self.say("250 OK")?,
        }
        Ok(true)
    }

    fn greet(&mut self) -> io::Result<()> {
        self.say("250-localhost")?;
        if self.shared.encryption == SmtpEncryption::StartTls && !self.is_encrypted {
            self.say("250-STARTTLS")?;
        }
        if self.is_encrypted {
            self.say("250-AUTH PLAIN")?;
        }
        self.say("250 8BITMIME")
    }

    fn sign_in(&mut self, line: &str) -> io::Result<()> {
        let sent = line.rsplit(' ').next().unwrap_or_default();
        let plain = data_encoding::BASE64.decode(sent.as_bytes()).unwrap_or_default();
        if plain == format!("\0{SMTP_USER}\0{SMTP_PASSWORD}").into_bytes() {
            self.user = Some(SMTP_USER.to_owned());
            self.say("235 OK")
        } else {
            self.say("535 5.7.8 wrong user or password")
        }
    }

    fn recipient(&mut self, line: &str) -> io::Result<()> {
        match self.shared.conduct() {
            SmtpConduct::UnknownRecipient => self.say("550 5.1.1 there is no such mailbox here"),
            SmtpConduct::TryLater => self.say("451 4.7.1 greylisted, try again later"),
            _ => {
                self.to.push(address(line));
                self.say("250 OK")
            }
        }
    }

    fn data(&mut self) -> io::Result<bool> {
        self.say("354 go ahead")?;
        let mut data = String::new();
        while let Some(line) = self.line()? {
            if line == "." {
                break;
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push('\n');
        }
        let (from, to) = (std::mem::take(&mut self.from), std::mem::take(&mut self.to));
        let mail = ReceivedMail { from, to, data, was_encrypted: self.is_encrypted, user: self.user.clone() };
        self.shared.state().received.push(mail);
        match self.shared.conduct() {
            SmtpConduct::HangUpAfterData => return Ok(false),
            SmtpConduct::MuteAfterData => mute(),
            _ => self.say("250 OK")?,
        }
        Ok(true)
    }
}

/// Says nothing for longer than any test waits.
fn mute() {
    thread::sleep(Duration::from_mins(5));
}

fn address(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address.to_owned()).unwrap_or_default()
}
