//! Chromium's `DevTools` protocol: JSON over a WebSocket, read where it is waited for, so that everything is heard in the
//! order in which it was said.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

pub struct Wire {
    socket: WebSocket<TcpStream>,
    sent: u64,
}

/// A message of Chromium.
pub enum Said {
    /// To what was sent under this number.
    Reply {
        number: u64,
        result: Result<Value, String>,
    },
    Event {
        method: String,
        params: Value,
    },
}

impl Wire {
    /// To an address of the form `ws://127.0.0.1:1/devtools/browser/…`.
    pub fn connect(address: &str) -> Self {
        let host = address.split('/').nth(2).expect("a host");
        let stream = TcpStream::connect(host).expect("Chromium listens");
        stream.set_nodelay(true).expect("a socket");
        // A picture of a long page is one message.
        let limits = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, _) = tungstenite::client::client_with_config(address, stream, Some(limits)).expect("Chromium answers");
        Self { socket, sent: 0 }
    }

    /// Sends a command; the number that its reply will have.
    pub fn send(&mut self, session: &str, method: &str, params: &Value) -> u64 {
        self.sent += 1;
        let mut command = json!({ "id": self.sent, "method": method, "params": params });
        if !session.is_empty() {
            command["sessionId"] = session.into();
        }
        self.socket.send(Message::text(command.to_string())).expect("Chromium lives");
        self.sent
    }

    /// The next message; `None` if none arrives in time.
    pub fn hear(&mut self, patience: Duration) -> Option<Said> {
        self.socket.get_mut().set_read_timeout(Some(patience.max(Duration::from_millis(1)))).expect("a socket");
        let message = match self.socket.read() {
            Ok(message) => message,
            Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return None,
            Err(error) => panic!("Chromium has gone: {error}"),
        };
        let mut said: Value = serde_json::from_str(message.to_text().ok()?).ok()?;
        if let Some(number) = said["id"].as_u64() {
            let result = match said["error"]["message"].as_str() {
                Some(error) => Err(error.to_owned()),
                None => Ok(said["result"].take()),
            };
            return Some(Said::Reply { number, result });
        }
        let method = said["method"].as_str()?.to_owned();
        Some(Said::Event { method, params: said["params"].take() })
    }
}
