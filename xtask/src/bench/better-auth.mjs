// better-auth's API-key plugin on SQLite behind Node's own HTTP server, as `cargo xtask bench` measures it:
// node server.mjs ADDRESS DATABASE

import { createServer } from "node:http";
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import Database from "better-sqlite3";

const [address, file] = process.argv.slice(2);
const database = new Database(file);
database.pragma("journal_mode = WAL");
const options = {
  database,
  baseURL: `http://${address}`,
  secret: crypto.randomUUID() + crypto.randomUUID(),
  telemetry: { enabled: false },
  emailAndPassword: { enabled: true },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
};
const auth = betterAuth(options);
await (await getMigrations(options)).runMigrations();
const person = { email: "ana@skyline.example", password: crypto.randomUUID(), name: "Ana Keller" };
const { user } = await auth.api.signUpEmail({ body: person });
const made = await auth.api.createApiKey({ body: { name: "Bench", userId: user.id } });

const server = createServer(async (request, response) => {
  if (request.url === "/readiness") return response.end();
  const { valid, key } = await auth.api.verifyApiKey({ body: { key: request.headers["x-api-key"] ?? "" } });
  response.writeHead(valid ? 200 : 401, { "content-type": "application/json" });
  response.end(JSON.stringify({ success: valid, data: { id: key?.id, name: key?.name } }));
});
const [host, port] = address.split(":");
console.log(`key ${made.key}`);
server.listen(Number(port), host);
