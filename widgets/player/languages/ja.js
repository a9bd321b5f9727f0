import words from "../../../embed/messages/ja.json";
import { arrive } from "../late-parts.js";

arrive(words);
