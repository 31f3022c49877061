// Pictures of products: fetched like everything else, because an <img> cannot send a token, and only when they come into view.

import { send } from "./api.js";
import { el, icon } from "./dom.js";
import { say } from "./words.js";

const AHEAD = "300px"; // of the view

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      show(target);
    }
  },
  { rootMargin: AHEAD },
);

/** Bytes of a product's picture; the browser's own cache keeps them for minutes. */
export const pictureOf = async (productId) => (await send(`/v1/picture?product_id=${encodeURIComponent(productId)}`)).blob();

/** A frame with the picture of a product, or a neutral drawing where it has none. */
export function frame(product) {
  if (!product.has_picture) return el("span", { class: "shot none", role: "img", "aria-label": say("noPicture") }, icon("picture"));
  const image = el("img", { alt: "", decoding: "async", data: { product: product.product_id } });
  watcher.observe(image);
  return el("span", { class: "shot" }, image);
}

async function show(image) {
  try {
    const address = URL.createObjectURL(await pictureOf(image.dataset.product));
    const free = () => URL.revokeObjectURL(address);
    image.addEventListener("load", free, { once: true });
    image.addEventListener("error", free, { once: true });
    image.src = address;
  } catch {
    image.parentElement?.classList.add("none");
    image.replaceWith(icon("picture"));
  }
}
