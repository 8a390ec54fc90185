/**
 * The service worker of /app/: it keeps one whole, checked release of the client on the device, so that the client starts
 * without a line. It answers for the files of that release alone: never for the API, never for the person's page.
 */

interface Release {
  readonly id: string;
  /** Each file's SHA-256 (hexadecimal) by the path at which the hub has it. */
  readonly files: Readonly<Record<string, string>>;
}

/** The worker's own scope, as far as it is used: the types of pages and of workers do not go together. */
interface Scope {
  addEventListener(
    type: "install" | "activate",
    heard: (event: { waitUntil(work: Promise<unknown>): void }) => void,
  ): void;
  addEventListener(type: "message", heard: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: "fetch",
    heard: (event: { readonly request: Request; respondWith(answer: Promise<Response>): void }) => void,
  ): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}

const scope = self as unknown as Scope;
// The build puts the release of which this file is a part in this place: another release is another file.
const RELEASE = JSON.parse("__RELEASE__") as Release;
const NAMED = "release-";
const CACHE = NAMED + RELEASE.id;

scope.addEventListener("install", (event) => event.waitUntil(take()));
scope.addEventListener("activate", (event) => event.waitUntil(begin()));
scope.addEventListener("message", ({ data }) => {
  if (data === "use") void scope.skipWaiting();
});
scope.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (origin === location.origin && event.request.method === "GET" && Object.hasOwn(RELEASE.files, pathname)) {
    event.respondWith(kept(event.request, pathname));
  }
});

/** Fetch all files, and keep them if each is the one that the build named; else nothing of it is kept. */
async function take(): Promise<void> {
  const cache = await caches.open(CACHE);
  try {
    for (const [path, hash] of Object.entries(RELEASE.files)) {
      const answer = await fetch(path, { cache: "no-cache", credentials: "omit", redirect: "error" });
      const digest = await crypto.subtle.digest("SHA-256", await answer.clone().arrayBuffer());
      if (answer.status !== 200 || hex(digest) !== hash) throw new Error("not the file of this release");
      await cache.put(path, answer);
    }
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function begin(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith(NAMED) && name !== CACHE);
  await Promise.all(others.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

async function kept(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path, { ignoreVary: true })) ?? fetch(request);
}

function hex(digest: ArrayBuffer): string {
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
