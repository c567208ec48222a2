import { createArrayDocument, createYjsDocument } from '../../protocol/index.ts'
import { describeLedgerDocument } from './ledger-document.ts'

describeLedgerDocument('the Yjs document', (replica) => createYjsDocument(1_000 + replica))
describeLedgerDocument('the array twin', createArrayDocument)
