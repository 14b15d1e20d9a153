/* Passkeys: make one, or prove that one is here. The form has the server's options in data-options (JSON, with bytes as base64url)
   and takes the answer in its field "credential". */
(() => {
  const form = document.querySelector("form[data-options]");
  if (!form) return;
  const problem = document.getElementById("passkey-problem");
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function made(options) {
    const found = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: named(options.excludeCredentials),
      },
    });
    return {
      ...base(found),
      response: {
        attestationObject: text(found.response.attestationObject),
        clientDataJSON: text(found.response.clientDataJSON),
        transports: found.response.getTransports ? found.response.getTransports() : [],
      },
    };
  }

  async function proved(options) {
    const found = await navigator.credentials.get({
      publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) },
    });
    const { authenticatorData, clientDataJSON, signature, userHandle } = found.response;
    return {
      ...base(found),
      response: {
        authenticatorData: text(authenticatorData),
        clientDataJSON: text(clientDataJSON),
        signature: text(signature),
        userHandle: userHandle ? text(userHandle) : undefined,
      },
    };
  }

  const base = (found) => ({ id: found.id, rawId: text(found.rawId), type: found.type });

  async function ask() {
    if (!window.PublicKeyCredential) {
      problem.hidden = false;
      problem.textContent = form.dataset.missing;
      return;
    }
    try {
      const options = JSON.parse(form.dataset.options);
      form.elements.credential.value = JSON.stringify(options.user ? await made(options) : await proved(options));
      form.submit();
    } catch (error) {
      problem.hidden = false;
      problem.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.refused;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  ask();
})();
