import words from "../../../embed/messages/de.json";
import { arrive } from "../late-parts.js";

arrive(words);
