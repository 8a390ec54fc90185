/** The release that this device keeps, by the service worker of /app/; and the next one, which is used when somebody says so. */

import { type ReadonlySignal, signal } from "@preact/signals";

/** ready: a checked new release waits. failed: a new one was not what it said it was, and nothing of it was taken. */
export type NewRelease = "none" | "ready" | "failed";

export interface Releases {
  readonly next: ReadonlySignal<NewRelease>;
  /** Keep this release on the device, once; look for a newer one now and then. */
  readonly keep: () => Promise<void>;
  /** Begin anew with the new release. What was typed is sealed already. */
  readonly use: () => void;
}

const LOOK_EVERY = 60 * 60_000; // milliseconds

/** url: of the service worker, as Trusted Types take it. container: null where the browser has none. */
export const releases = (url: () => string, container: ServiceWorkerContainer | null): Releases => {
  const next = signal<NewRelease>("none");
  let asked = false;
  let waiting: ServiceWorker | null = null;

  const watch = (registration: ServiceWorkerRegistration) => {
    const coming = registration.installing;
    const isFirst = registration.active === null;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed" && !isFirst) stands(coming);
      // Never installed: a file was not the one that this release names. The one that is there goes on.
      if (coming.state === "redundant" && waiting !== coming && !isFirst) next.value = "failed";
    });
  };

  const stands = (ready: ServiceWorker) => {
    waiting = ready;
    next.value = "ready";
  };

  return {
    next,
    keep: async () => {
      if (asked || container === null) return;
      asked = true;
      try {
        const registration = await container.register(url(), { scope: "/app/", updateViaCache: "none" });
        if (registration.waiting && registration.active) stands(registration.waiting);
        watch(registration);
        registration.addEventListener("updatefound", () => watch(registration));
        setInterval(() => void registration.update().catch(() => undefined), LOOK_EVERY);
      } catch {
        asked = false; // no line, or no room: another time
      }
    },
    use: () => {
      // Not `controllerchange`: a page that began at the doors, outside of /app/, has no controller until it is loaded anew.
      waiting?.addEventListener("statechange", ({ target }) => {
        if ((target as ServiceWorker).state === "activated") location.reload();
      });
      waiting?.postMessage("use");
    },
  };
};
