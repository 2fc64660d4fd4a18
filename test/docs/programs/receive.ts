import { Webhook } from "standardwebhooks";

export async function receive(request: Request, secret: string): Promise<Response> {
  const headers = Object.fromEntries(request.headers);
  const run = new Webhook(secret).verify(await request.text(), headers) as { run_id: string; status: string };
  // The same `webhook-id` may come again: what was done for it is not done twice.
  return Response.json({ noted: run.run_id, status: run.status });
}
