// Passkeys: forms whose data-options the browser's authenticator answers; the answer travels in the form's marked field.
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function readOptions(form) {
  const options = JSON.parse(form.dataset.options);
  options.challenge = toBytes(options.challenge);
  if (options.user) options.user.id = toBytes(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials])
    for (const credential of list ?? []) credential.id = toBytes(credential.id);
  return options;
}

function answer(credential) {
  const { response } = credential;
  const sent = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (response[name]) sent[name] = toText(response[name]);
  if (response.getTransports) sent.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: {},
    response: sent,
  });
}

const WHY = {
  InvalidStateError: "This device has a passkey for your account already.",
  NotAllowedError: "Nothing was chosen, or it took too long. Try again.",
  SecurityError: "Passkeys do not work under this address. Use a name with HTTPS, or localhost.",
};

function say(form, error) {
  const line = form.querySelector("[data-passkey-problem]");
  line.textContent = WHY[error.name] ?? "The browser could not use a passkey. Try again.";
  line.hidden = false;
}

const answerOf = (form) => form.querySelector("[data-passkey-answer]");

async function start(form) {
  form.querySelector("[data-passkey-problem]").hidden = true;
  const call = form.dataset.passkey === "create" ? "create" : "get";
  try {
    const credential = await navigator.credentials[call]({ publicKey: readOptions(form) });
    answerOf(form).value = answer(credential);
    form.requestSubmit();
  } catch (error) {
    say(form, error);
  }
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  const button = form.querySelector("[data-passkey-start]");
  if (!window.PublicKeyCredential) {
    say(form, { name: "SecurityError" });
    continue;
  }
  button.hidden = false;
  button.addEventListener("click", () => start(form));
  form.addEventListener("submit", (event) => {
    // Enter in the name field means the button, as long as there is no answer to send.
    if (answerOf(form).value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    start(form);
  });
  if ("passkeyAuto" in form.dataset) start(form);
}
