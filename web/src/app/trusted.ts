/**
 * The only policy of Trusted Types: it lets through the addresses of our worker and service worker, as the build names
 * them, and nothing else. There is no policy for markup or scripts, so no string ever becomes either.
 */

interface Policy {
  createScriptURL(url: string): unknown;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
}

/** allowed: addresses on our own origin. Returns what `new Worker` and `serviceWorker.register` take. */
export const scriptUrls = (
  allowed: readonly string[],
  origin: string = location.origin,
  factory: Factory | undefined = Reflect.get(globalThis, "trustedTypes"),
): ((url: string) => string) => {
  const known = new Set(allowed.map((url) => new URL(url, origin).href));
  const checked = (url: string): string => {
    const { href, origin: own } = new URL(url, origin);
    if (own !== origin || !known.has(href)) throw new TypeError("not one of our workers");
    return href;
  };
  const policy = factory?.createPolicy("ortoo", { createScriptURL: checked });
  // To the platform it is a TrustedScriptURL, to the compiler a string: that is how its own types have it.
  return policy ? (url) => policy.createScriptURL(url) as string : checked;
};
