/** The worker: the vault, served to the page that started it. */

import { selfCheck } from "../protocol/hpke.ts";
import { serve } from "./rpc.ts";
import { newVault } from "./vault.ts";

const socket = new URL("/graphql", location.origin);
socket.protocol = socket.protocol.replace("http", "ws");

const begin = async () => {
  await selfCheck();
  return newVault(socket.href);
};

serve(begin(), self);
