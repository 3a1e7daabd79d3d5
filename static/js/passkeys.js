// Passkeys: sign in from a prompt or from autofill, create and name one, tell password managers what is still valid.
const toBytes = (text) => {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
};
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const descriptors = (list) => list.map((item) => ({ ...item, id: toBytes(item.id) }));

const post = async (url, form) => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    credentials: "same-origin",
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(answer.error ?? ""), { shown: answer.error });
  return answer;
};

const requestOptions = async (form, url) => {
  const options = await post(url, form);
  return { ...options, challenge: toBytes(options.challenge), allowCredentials: descriptors(options.allowCredentials) };
};

const assertionText = (credential) => JSON.stringify({
  id: credential.id,
  rawId: toText(credential.rawId),
  type: credential.type,
  authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
  clientExtensionResults: {},
  response: {
    clientDataJSON: toText(credential.response.clientDataJSON),
    authenticatorData: toText(credential.response.authenticatorData),
    signature: toText(credential.response.signature),
    userHandle: credential.response.userHandle ? toText(credential.response.userHandle) : undefined,
  },
});

const attestationText = (credential) => JSON.stringify({
  id: credential.id,
  rawId: toText(credential.rawId),
  type: credential.type,
  authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
  clientExtensionResults: {},
  response: {
    clientDataJSON: toText(credential.response.clientDataJSON),
    attestationObject: toText(credential.response.attestationObject),
    transports: credential.response.getTransports?.() ?? [],
  },
});

const supported = () => Boolean(window.PublicKeyCredential && navigator.credentials);

const show = (form, words) => {
  const problem = form.querySelector("[data-passkey-problem]");
  if (!problem) return;
  problem.textContent = words;
  problem.hidden = false;
};

// The prompt: one button, one system dialog, then an ordinary form post.
for (const form of document.querySelectorAll("[data-passkey-sign-in]")) {
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (busy) return;
    if (!supported()) return show(form, form.dataset.wordsMissing);
    busy = true;
    form.querySelector("[data-passkey-problem]").hidden = true;
    try {
      const publicKey = await requestOptions(form, form.dataset.passkeySignIn);
      form.elements.credential.value = assertionText(await navigator.credentials.get({ publicKey }));
      form.submit();
    } catch {
      show(form, form.dataset.wordsStopped);
      busy = false;
    }
  }, true);
}

// The account-name field: the browser offers passkeys in its autofill and stays silent when it has none.
for (const form of document.querySelectorAll("[data-passkey-autofill]")) {
  const watch = async () => {
    if (!supported() || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    const leaving = new AbortController();
    addEventListener("pagehide", () => leaving.abort(), { once: true });
    const publicKey = await requestOptions(form, form.dataset.passkeyAutofill);
    const credential = await navigator.credentials.get({ publicKey, mediation: "conditional", signal: leaving.signal });
    form.elements.credential.value = assertionText(credential);
    form.submit();
  };
  watch().catch(() => {});
}

// Creating: the system dialog first, then a name, then an ordinary form post.
for (const form of document.querySelectorAll("[data-passkey-create]")) {
  const step = (name) => form.querySelector(`[data-passkey-step="${name}"]`);
  let busy = false;
  // Enter in the name field before there is a passkey must not post an empty form.
  form.addEventListener("submit", (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  form.querySelector("[data-passkey-begin]").addEventListener("click", async () => {
    if (busy) return;
    if (!supported()) return show(form, form.dataset.wordsMissing);
    busy = true;
    form.querySelector("[data-passkey-problem]").hidden = true;
    try {
      const options = await post(form.dataset.passkeyCreate, form);
      const credential = await navigator.credentials.create({
        publicKey: {
          ...options,
          challenge: toBytes(options.challenge),
          user: { ...options.user, id: toBytes(options.user.id) },
          excludeCredentials: descriptors(options.excludeCredentials),
        },
      });
      form.elements.credential.value = attestationText(credential);
      step("begin").hidden = true;
      step("name").hidden = false;
      document.title = step("name").querySelector("h1").textContent;
      step("name").querySelector("h1").focus();
    } catch (error) {
      show(form, error.shown ?? (error.name === "InvalidStateError" ? form.dataset.wordsKnown : form.dataset.wordsStopped));
    }
    busy = false;
  });
}

// WebAuthn L3 signal methods: a passkey that was deleted here disappears from the password manager, too.
for (const element of document.querySelectorAll("[data-passkey-accepted]")) {
  window.PublicKeyCredential?.signalAllAcceptedCredentials?.({
    rpId: element.dataset.rpId,
    userId: element.dataset.userHandle,
    allAcceptedCredentialIds: element.dataset.passkeyAccepted.split(",").filter(Boolean),
  })?.catch(() => {});
}
