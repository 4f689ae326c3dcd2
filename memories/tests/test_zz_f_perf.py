import time, pytest, io, resource
from memories.drafts import MemoryDraft, ConversationRef
from memories.services.capture import capture_memories
from memories.exporters import export
from memories.services.restoring import restore_records
from memories.importers.items import ParsedRecord
from memories.models import *
from memories.tests.everything import MOMENT, lines_of
from datetime import timedelta
from unittest import mock
pytestmark = pytest.mark.django_db
def test_p(owner, other):
    words="the quick brown fox jumps over a lazy dog and writes about it in a long turn of the talk ".split()
    N=20000
    with mock.patch("memories.indexing.write_lexical"):
        for s in range(0,N,1000):
            capture_memories(owner=owner, drafts=[MemoryDraft(f"{i} "+" ".join(words*4), kind="turn" if i%4 else "note", role="user", conversation=ConversationRef(f"c{i//20}",title=f"Chat {i//20}") if i%4 else None, tags=("a",f"t{i%50}"), occurred_at=MOMENT+timedelta(seconds=i), metadata={"m":i}) for i in range(s,s+1000)])
        for f in ("jsonl","csv","parquet","markdown"):
            t=time.perf_counter(); c=time.process_time(); n=sum(len(x) for x in export(owner,f).chunks); print("PERF",f,N/(time.perf_counter()-t),"mem/s cpu",N/(time.process_time()-c), n/1e6,"MB")
        text=b"".join(export(owner,"jsonl").chunks)
        lines=lines_of(text)
        t=time.perf_counter();c=time.process_time()
        for s in range(0,len(lines),200):
            restore_records(owner=other, records=[ParsedRecord(l["type"],l) for l in lines[s:s+200]])
        print("PERF restore (without lexical)",len(lines)/(time.perf_counter()-t),"cpu", len(lines)/(time.process_time()-c))
        assert Memory.objects.filter(owner=other).count()==N
