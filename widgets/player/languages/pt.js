import words from "../../../embed/messages/pt.json";
import { arrive } from "../late-parts.js";

arrive(words);
