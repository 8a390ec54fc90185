import { expect, test } from "vitest";
import { agencyState } from "../../src/screens/agency/state.ts";
import { ownState } from "../../src/screens/me/state.ts";
import type { Vault } from "../../src/worker/api.ts";

/** Each call of it is answered when it is let. */
const slowVault = () => {
  const asked = new Map<string, PromiseWithResolvers<unknown>>();
  const vault = new Proxy({} as Vault, {
    get: (_, method) => () => {
      const answer = Promise.withResolvers<unknown>();
      asked.set(String(method), answer);
      return answer.promise;
    },
  });
  const settled = () => new Promise((done) => setTimeout(done));
  /** Answers what is asked until nothing more is. */
  const answer = async (all: Readonly<Record<string, unknown>>) => {
    await settled();
    for (let open = [...asked]; open.length > 0; open = [...asked]) {
      asked.clear();
      for (const [method, one] of open) one.resolve(all[method]);
      await settled();
    }
  };
  return { vault, answer };
};

test("what an administrator asked for before the lock is on no page after it", async () => {
  const { vault, answer } = slowVault();
  const state = agencyState(vault);
  const { members, keys, services, clients } = state;
  const loads = [members.load(), keys.load(), services.load(), clients.load()];
  state.clear();
  await answer({ people: { members: [] }, agencyKey: { number: 1 }, ownServices: {}, apiClients: {} });
  await Promise.all(loads);
  expect([members.people, keys.key, services.services, clients.clients].map(({ value }) => value)).toEqual([
    ...[null, null, null, null],
  ]);
});

test("a secret that is shown once is not shown to whoever unlocks", async () => {
  const { vault, answer } = slowVault();
  const state = agencyState(vault);
  const { members, clients } = state;
  const shown = clients.showKeys("c");
  state.clear();
  await answer({ clientKeys: "keys" });
  expect([await shown, clients.keys.value]).toEqual([true, null]);

  clients.tokenName.value = "desk";
  clients.scopes.value = ["read"];
  clients.days.value = "90";
  const issued = clients.issue("c");
  state.clear();
  await answer({ issueToken: "token", apiClients: {} });
  expect([await issued, clients.token.value]).toEqual([true, null]);

  const invited = members.inviteAgain({ id: "m", handle: "mrc.m", names: { mn: "", en: "" }, roles: [] } as never);
  state.clear();
  await answer({ invite: { code: "code" }, people: {} });
  expect([await invited, members.paper.value]).toEqual([true, null]);
});

test("an own page that was left shows no secret that comes later", async () => {
  const { vault, answer } = slowVault();
  const state = ownState(vault, "mrc.nara", () => "mn");
  const begun = state.beginAuthenticator();
  state.wipe();
  await answer({ newAuthenticator: { secret: "secret", uri: "" } });
  await begun;
  state.passphrase.value = "passphrase";
  const kit = state.newKit();
  state.wipe();
  await answer({ newRecoveryCodes: { codes: ["code"] } });
  await kit;
  expect([state.authenticator.value, state.kit.value]).toEqual([null, null]);
});
