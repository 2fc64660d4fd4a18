import { describe, expect, it } from "vitest";
import { EdgewiseError } from "../base/errors.ts";
import { newWebhookSecret, webhookHeaders, webhookUrl } from "./webhooks.ts";

/** The example of Standard Webhooks. */
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const MESSAGE = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", sentAt: 1_614_265_330_000, body: '{"test": 2432232314}' };
const SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

describe("a signature", () => {
  it("is that of Standard Webhooks 1.0", () => {
    expect(webhookHeaders(MESSAGE, [SECRET])).toEqual({
      "content-type": "application/json",
      "webhook-id": MESSAGE.id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": SIGNATURE,
    });
  });

  it("is given by each secret, the newest first", () => {
    const fresh = newWebhookSecret((count) => new Uint8Array(count).fill(7));
    expect(fresh).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const [first, second] = (webhookHeaders(MESSAGE, [fresh, SECRET])["webhook-signature"] ?? "").split(" ");
    expect([first === SIGNATURE, second]).toEqual([false, SIGNATURE]);
  });
});

describe("an address", () => {
  const place = { origin: "https://api.example.com", declaredOrigins: ["http://127.0.0.1:9000"] };

  it.each([
    ["https://hooks.example.com/in?token=a", "https://hooks.example.com/in?token=a"],
    ["/hooks/done", "https://api.example.com/hooks/done"],
    ["http://127.0.0.1:9000/x", "http://127.0.0.1:9000/x"],
  ])("%s is %s", (asked, url) => {
    expect(webhookUrl(asked, place)).toBe(url);
  });

  it.each([
    ["", "invalid_request"],
    ["hooks/done", "invalid_request"],
    [`https://hooks.example.com/${"x".repeat(3_000)}`, "invalid_request"],
    ["http://hooks.example.com/", "egress_denied"],
    ["https://10.0.0.1/", "egress_denied"],
    ["https://[::1]/", "egress_denied"],
    ["https://169.254.169.254/latest", "egress_denied"],
    ["https://localhost/", "egress_denied"],
    ["//10.0.0.1/x", "egress_denied"],
    ["https://user:secret@hooks.example.com/", "egress_denied"],
    ["http://127.0.0.1:9001/", "egress_denied"],
    ["file:///etc/passwd", "egress_denied"],
  ])("%j is refused as %s, without what may be secret in it", (asked, code) => {
    try {
      webhookUrl(asked, place);
    } catch (thrown) {
      expect((thrown as EdgewiseError).record).toMatchObject({ code, pointer: "/webhook" });
      return expect((thrown as EdgewiseError).message).not.toMatch(/secret|passwd|latest/);
    }
    throw new Error("It was taken.");
  });
});
