// Helps to type lists of ports and regions. Without it the first of each list is suggested.
import { suggest } from "../lib/suggestions.js";

for (const input of document.querySelectorAll("[data-suggest]")) suggest(input, input.list);
