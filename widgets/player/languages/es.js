import words from "../../../embed/messages/es.json";
import { arrive } from "../late-parts.js";

arrive(words);
