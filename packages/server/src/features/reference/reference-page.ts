/** Everything from this server: no address elsewhere is asked for anything, whatever the bundled script would like. */
export const REFERENCE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // The script writes style attributes, which no nonce can allow.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const REFERENCE_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Postern: API reference</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="reference"></div>
    <noscript>The descriptions themselves: <a href="/openapi/v1.json">v1</a>, <a href="/openapi/v2.json">v2</a>.</noscript>
    <script src="/reference/scalar.js"></script>
    <script src="/reference/start.js"></script>
  </body>
</html>
`;

/** Tells the bundled script what to show, and to ask nobody else for fonts, proxies, agents or counts. */
export const REFERENCE_START = `Scalar.createApiReference("#reference", {
  sources: [
    { title: "v2: Postern's own", slug: "v2", url: "/openapi/v2.json", default: true },
    { title: "v1: CLUe's calls", slug: "v1", url: "/openapi/v1.json" },
  ],
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: "",
  hideClientButton: true,
  showDeveloperTools: "never",
  mcp: { disabled: true },
  agent: { disabled: true },
  documentDownloadType: "direct",
});
`;
