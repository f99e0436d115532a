// Parses AsyncAPI documents with the official parser, Avro payloads too; says what is wrong with each.
// Ends with 1 where a document has an error or a warning.
import { Parser, fromFile } from '@asyncapi/parser';
import { AvroSchemaParser } from '@asyncapi/avro-schema-parser';

const WORDS = ['error', 'warning', 'information', 'hint'];
const WARNING = 1;
const parser = new Parser();
parser.registerSchemaParser(AvroSchemaParser());
let refused = false;
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await fromFile(parser, file).parse();
  for (const { severity, path, message } of diagnostics) {
    console.log(`${file}: ${WORDS[severity]}: ${path.join('.')}: ${message}`);
    refused ||= severity <= WARNING;
  }
  refused ||= !document;
  if (document) {
    const counts = [document.channels(), document.operations(), document.messages()].map((all) => all.length);
    console.log(`${file}: ${counts[0]} channels, ${counts[1]} operations, ${counts[2]} messages`);
  }
}
process.exit(refused ? 1 : 0);
