/** The node that a test runs against, and ids that no other run has. */

import { randomUUID } from "node:crypto";

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const URL_OF_NODE = variable("PLANECONNECTION_URL");
export const KEY_OF_NODE = variable("PLANECONNECTION_KEY");
export const RUN = randomUUID().slice(0, 8);

export const TRIP = {
  tripType: "charter",
  origin: "KTEB",
  destination: "KMIA",
  departureDate: "2027-04-01T10:00:00Z",
} as const;

export function invoice(description: string, unitPrice: number) {
  return {
    client: { name: "Northwind Capital", email: "billing@northwind.example" },
    currency: "USD",
    lineItems: [{ description, quantity: "1", unitPrice }],
    dueDate: "2030-01-15",
  };
}
