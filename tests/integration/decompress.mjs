// What a browser makes of the files named on standard input, one a line: prints path, length and SHA-256 of the decoded
// bytes as JSON, or the error. Needs Node 18 or later.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Blob } from "node:buffer";

for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    const about = { path };
    try {
        const stream = new Blob([readFileSync(path)]).stream().pipeThrough(new DecompressionStream("gzip"));
        const decoded = Buffer.from(await new Response(stream).arrayBuffer());
        JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(decoded));
        about.length = decoded.length;
        about.sha256 = createHash("sha256").update(decoded).digest("hex");
    } catch (error) {
        about.error = String(error);
    }
    console.log(JSON.stringify(about));
}
