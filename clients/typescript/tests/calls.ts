/** Calls that have to compile, and calls that must not. They are not sent: tsc reads this file. */

import type { Client, Trip } from "planeconnection";
import { changes, rows } from "planeconnection";

const body = { tripType: "charter", origin: "KTEB", destination: "KMIA", departureDate: "2027-04-01T10:00:00Z" } as const;
const path = { externalId: "FOS-1" };

export async function calls(client: Client): Promise<void> {
  const created: Trip = (await client.post("/api/v1/ops/trips", { body })).data;
  const headers = { "If-None-Match": "*" };
  const put: Trip = (await client.put("/api/v1/ops/trips/by-external-id/{externalId}", { path, body, headers })).data;
  await client.get("/api/v1/ops/trips");
  await client.post("/api/v1/ops/invoices/{id}/send", { path: { id: put.id } });
  for await (const trip of rows(client, "/api/v1/ops/trips", { query: { status: "draft" } })) {
    const passengers: number = trip.passengerCount;
    console.log(passengers, created.id);
  }
  for await (const part of changes(client, 0, { modules: ["trips", "fleet"] })) {
    for (const change of part.items) {
      if (change.module === "trips" && change.object !== null) console.log(change.object.origin satisfies string);
    }
  }
  // @ts-expect-error no such path
  await client.get("/api/v1/ops/planes");
  // @ts-expect-error no such method of the path
  await client.delete("/api/v1/ops/trips");
  // @ts-expect-error a parameter of the path is missing
  await client.get("/api/v1/ops/trips/{id}");
  // @ts-expect-error the body is missing
  await client.post("/api/v1/ops/trips");
  // @ts-expect-error a field of the body is missing
  await client.post("/api/v1/ops/trips", { body: { origin: "KTEB" } });
  // @ts-expect-error no such word
  await client.get("/api/v1/ops/trips", { query: { status: "lost" } });
  // @ts-expect-error no such parameter
  await client.get("/api/v1/ops/trips", { query: { colour: "red" } });
  // @ts-expect-error this header is that of getIfChanged
  await client.get("/api/v1/ops/trips", { headers: { "If-None-Match": "*" } });
  // @ts-expect-error no such module
  changes(client, 0, { modules: ["crew"] });
  // @ts-expect-error no list
  rows(client, "/api/v1/ops/fleet-status");
}
