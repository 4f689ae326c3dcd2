// Starts Swagger UI on the page of the API's documentation; nothing is loaded from another host.
const place = document.getElementById("api-docs");
const csrfToken = () => document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/)?.[1] ?? "";

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.openapiUrl,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  queryConfigEnabled: false,
  syntaxHighlight: { activated: true, theme: "agate" },
  tryItOutEnabled: false,
  validatorUrl: null,
  requestInterceptor(request) {
    // A signed-in person tries operations with the session; it needs the token, and only our own server gets it.
    if (new URL(request.url, location.href).origin === location.origin) request.headers["X-CSRFToken"] = csrfToken();
    return request;
  },
});
