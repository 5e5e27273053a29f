// Passkeys: asks the browser for one, and sends its response with a form. Only a script can do that.
"use strict";

// Not without TLS, and not in browsers of before 2025.
const hasPasskeys = "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential;

for (const form of document.querySelectorAll("[data-needs-passkeys]")) form.hidden = !hasPasskeys;
for (const text of document.querySelectorAll("[data-without-passkeys]")) text.hidden = hasPasskeys;

function explain({ dataset }, error) {
  switch (error.name) {
    case "NotAllowedError": return "No passkey was used: that was cancelled, or took too long. Try again.";
    case "InvalidStateError": return "This authenticator has a passkey for your account already.";
    case "SecurityError": return `Passkeys work at ${dataset.publicUrl} only. Open the page there.`;
    default: return error.message;
  }
}

function say(form, message) {
  const status = form.parentElement.querySelector("[data-status]");
  status.textContent = message;
  status.hidden = !message;
}

// The form is sent when it has a response; until then its button asks the browser for one.
function ask(form, respond) {
  let isAsking = false;
  const begin = async () => {
    if (isAsking) return;
    isAsking = true;
    say(form, "");
    try {
      const { ceremony, credential } = await respond();
      send(form, ceremony, credential);
    } catch (error) {
      say(form, explain(form, error));
    }
    isAsking = false;
  };
  form.addEventListener("submit", (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    begin();
  });
  return begin;
}

function send(form, ceremony, credential) {
  form.elements.ceremony.value = ceremony;
  form.elements.credential.value = JSON.stringify(credential);
  form.requestSubmit();
}

// A new passkey: the options are in the page.
const creation = document.querySelector("form[data-new-passkey]");
if (creation && hasPasskeys) {
  const begin = ask(creation, async () => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(creation.dataset.newPasskey));
    return { ceremony: creation.elements.ceremony.value, credential: await navigator.credentials.create({ publicKey }) };
  });
  begin();
}

// The second step of a sign-in: the options are in the page.
const secondStep = document.querySelector("form[data-use-passkey]");
if (secondStep && hasPasskeys) {
  ask(secondStep, async () => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(secondStep.dataset.usePasskey));
    return { ceremony: secondStep.elements.ceremony.value, credential: await navigator.credentials.get({ publicKey }) };
  });
}

// The proof that it is still the same person, in place of the password of the form.
const confirmation = document.querySelector("[data-confirm-passkey]");
if (confirmation && hasPasskeys) {
  const { form } = confirmation;
  confirmation.hidden = false;
  confirmation.addEventListener("click", async () => {
    say(form, "");
    try {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(confirmation.dataset.confirmPasskey));
      form.elements.reauth_credential.value = JSON.stringify(await navigator.credentials.get({ publicKey }));
      for (const field of form.elements) field.required = false;
      form.requestSubmit();
    } catch (error) {
      say(form, explain(confirmation, error));
    }
  });
}

// A sign-in: the options are fetched, so that a page that is only looked at starts no ceremony.
const signIn = document.querySelector("form[data-passkey-sign-in]");
if (signIn && hasPasskeys) {
  let waiting = new AbortController();
  const get = async (mediation) => {
    waiting.abort();
    const { signal } = waiting = new AbortController();
    const headers = { "Content-Type": "application/json" };
    const answer = await (await fetch("/api/v1/auth/passkey/options", { method: "POST", headers, body: "{}", signal })).json();
    if (!answer.success) throw new Error(answer.error.message);
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(answer.data.publicKey);
    return { ceremony: answer.data.ceremony, credential: await navigator.credentials.get({ publicKey, mediation, signal }) };
  };

  // The browser offers passkeys among its suggestions for the email, until the page is left or the button is used. A ceremony
  // lives for five minutes, so it is replaced before.
  const RENEWAL = 4 * 60_000;
  let isOffering = false;
  const offer = async () => {
    isOffering = true;
    try {
      const { ceremony, credential } = await get("conditional");
      send(signIn, ceremony, credential);
    } catch {
      // Suggestions are an extra: the button says what is wrong.
    }
  };
  const renew = () => {
    if (isOffering && document.visibilityState === "visible") offer();
  };
  const start = async () => {
    if (!await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
    offer();
    setInterval(renew, RENEWAL);
    addEventListener("pageshow", (event) => { if (event.persisted) renew(); });
  };

  ask(signIn, async () => {
    isOffering = false;
    return get("optional");
  });
  start();
}
