import words from "../../../embed/messages/fr.json";
import { arrive } from "../late-parts.js";

arrive(words);
