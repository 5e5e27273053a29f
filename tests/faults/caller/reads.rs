//! Calls whose responses are compared with the ledger.

use rand::RngExt;

use super::{Caller, Credential, Outcome, said};

impl Caller {
    pub(super) fn who_am_i(&mut self) -> Outcome {
        let known: Vec<_> =
            self.ledger().keys.iter().filter(|(_, record)| record.key.is_some()).map(|(name, _)| name.clone()).collect();
        if known.is_empty() {
            return Outcome::Skipped;
        }
        let name = &known[self.random.random_range(0..known.len())];
        self.presents(name)
    }

    /// Presents a key, and holds the answer against the ledger.
    pub fn presents(&mut self, name: &str) -> Outcome {
        let before = self.ledger().key(name).clone();
        let Some(key) = before.key else { return Outcome::Skipped };
        let outcome = self.send(&Credential::Key(&key.secret), "GET", "/api/v1/auth/whoami", None, None);
        let mut ledger = self.ledger();
        match &outcome {
            Outcome::Done(_) if before.revoked.is(1) => {
                ledger.breaks(format!("the key {name} was revoked, and is accepted"));
            }
            Outcome::Refused(answer) => {
                let is_revoked = answer.status == 401 && answer.json["error"]["code"] == "API_KEY_REVOKED";
                if !is_revoked || !ledger.key(name).revoked.may_be(1) {
                    ledger.breaks(format!(
                        "the key {name} is {:?}, and answered {} {}",
                        before.revoked, answer.status, answer.body
                    ));
                }
            }
            _ => {}
        }
        outcome
    }

    pub(super) fn session(&mut self) -> Outcome {
        let sessions = self.ledger().sessions.clone();
        if sessions.is_empty() {
            return Outcome::Skipped;
        }
        let before = &sessions[self.random.random_range(0..sessions.len())];
        let outcome = self.send(&Credential::Bearer(&before.token), "GET", "/api/v1/auth/whoami", None, None);
        let mut ledger = self.ledger();
        let now = ledger.sessions.iter().find(|session| session.token == before.token).map(|session| session.open.clone());
        match (&outcome, now) {
            (Outcome::Done(_), _) if before.open.is(0) => ledger.breaks("a session that was ended is open".to_owned()),
            (Outcome::Refused(answer), Some(now)) if !now.may_be(0) => {
                ledger.breaks(format!("a session that was opened is answered {}", said(answer)));
            }
            _ => {}
        }
        outcome
    }
}
