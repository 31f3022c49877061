// Asks for the service's token when it wants one.

import { onTokenWanted } from "./api.js";
import { byId } from "./dom.js";

/** From now on whoever is refused for want of a token waits for this dialog. */
export function offerToken() {
  onTokenWanted((wasRefused) => {
    const dialog = byId("token");
    byId("token-wrong").hidden = !wasRefused;
    byId("token-value").value = "";
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? byId("token-value").value.trim() : ""), { once: true });
    });
  });
}
