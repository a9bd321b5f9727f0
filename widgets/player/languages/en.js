import words from "../../../embed/messages/en.json";
import { arrive } from "../late-parts.js";

arrive(words);
