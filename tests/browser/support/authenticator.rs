//! Virtual authenticators of the browser (`WebAuthn` in the `DevTools` protocol).

use serde_json::{Value, json};

use super::tab::Tab;

/// A virtual authenticator of a tab, such as the fingerprint reader of a laptop.
#[derive(Clone, Debug)]
pub struct Authenticator(String);

/// A way in which a virtual authenticator answers wrongly.
#[derive(Clone, Copy, Debug)]
pub enum Wrongly {
    WithBogusSignature,
    WithoutVerifyingTheUser,
}

impl Tab {
    /// Plugs an authenticator in that keeps credentials and verifies its user, who is always there.
    pub fn plug_in_authenticator(&mut self) -> Authenticator {
        self.call("WebAuthn.enable", json!({ "enableUI": false }));
        let options = json!({
            "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true,
        });
        Authenticator(self.call_for("authenticatorId", "WebAuthn.addVirtualAuthenticator", json!({ "options": options })))
    }

    pub fn unplug_authenticator(&mut self, Authenticator(id): &Authenticator) {
        self.call("WebAuthn.removeVirtualAuthenticator", json!({ "authenticatorId": id }));
    }

    /// The user enters the right PIN from now on, or a wrong one.
    pub fn user_is_verified(&mut self, Authenticator(id): &Authenticator, is_verified: bool) {
        self.call("WebAuthn.setUserVerified", json!({ "authenticatorId": id, "isUserVerified": is_verified }));
    }

    /// From the next page on, pages ask for a passkey by their button only. A virtual authenticator accepts every suggestion of
    /// the autofill at once.
    pub fn without_autofill(&mut self) {
        let source = "if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false";
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }));
    }

    /// From the next page on, the fields of forms are remembered when they are sent.
    pub fn eavesdrop(&mut self) {
        let source = "addEventListener('submit', ({ target }) => { \
            if (target.elements.credential?.value) sessionStorage.heard = JSON.stringify([...new FormData(target)]) })";
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }));
    }

    /// Sends the ceremony and the credential that were remembered with the form of this page.
    #[track_caller]
    pub fn replay(&mut self, form: &str) {
        let script = format!(
            "(() => {{ const form = document.querySelector({form:?}), heard = Object.fromEntries(JSON.parse(sessionStorage.heard)); \
             for (const name of ['ceremony', 'credential']) form.elements[name].value = heard[name]; form.requestSubmit() }})()"
        );
        self.evaluate(&script);
        self.settle();
    }

    /// Runs an action while the authenticator answers wrongly.
    pub fn answering(&mut self, Authenticator(id): &Authenticator, how: Wrongly, act: impl FnOnce(&mut Self)) {
        let bit = match how {
            Wrongly::WithBogusSignature => "isBogusSignature",
            Wrongly::WithoutVerifyingTheUser => "isBadUV",
        };
        self.call("WebAuthn.setResponseOverrideBits", json!({ "authenticatorId": id, bit: true }));
        act(self);
        self.call("WebAuthn.setResponseOverrideBits", json!({ "authenticatorId": id, bit: false }));
    }

    /// The only credential of an authenticator, with its private key and its counter.
    #[track_caller]
    pub fn credential(&mut self, Authenticator(id): &Authenticator) -> Value {
        let mut kept = self.call("WebAuthn.getCredentials", json!({ "authenticatorId": id }))["credentials"].take();
        assert_eq!(kept.as_array().map(Vec::len), Some(1), "{kept}");
        kept[0].take()
    }

    /// Puts a copy of a credential into an authenticator.
    pub fn copy_credential(&mut self, Authenticator(id): &Authenticator, credential: &Value) {
        self.call("WebAuthn.addCredential", json!({ "authenticatorId": id, "credential": credential }));
    }
}
