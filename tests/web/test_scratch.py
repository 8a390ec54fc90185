import time
from pathlib import Path
import pytest
from ortoo.form import Form
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, THREE_AGENCIES
from tests.web.conftest import Visiting
from tests.web.sending import member, signed_in
from tests.web.visits import axe
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

async def test_scratch(visit: Visiting, hub: Hub, tmp_path: Path) -> None:
    t=time.time()
    def lap(n):
        nonlocal t
        print(n, round(time.time()-t,2)); t=time.time()
    form = Form.read(SHELTER_TONIGHT)
    m = await member(hub, tmp_path, "mrc.nara", "mrc.send1"); lap("member")
    nara = await signed_in(visit, hub, m, "mn", viewport={"width":1280,"height":800}); lap("signed in")
    async def shot(n):
        out=Path("/tmp/shots-send"); out.mkdir(exist_ok=True)
        for lang in ("mn","en"):
            for w,h in ((1280,800),(360,740)):
                await nara.page.set_viewport_size({"width":w,"height":h})
                await nara.speak(lang)
                await nara.page.locator("main").evaluate("e=>e.style") if False else None
                hh = await nara.page.evaluate("document.getElementById('main').scrollHeight+140")
                await nara.page.set_viewport_size({"width":w,"height":max(h,min(hh,3200))})
                await nara.page.screenshot(path=str(out/f"{n}-{lang}-{w}.png"))
            print(n, lang, await axe(nara.page))
        await nara.page.set_viewport_size({"width":1280,"height":800}); await nara.speak("mn")
        lap("shots "+n)
    await nara.place("place.send"); await nara.heading("send.need"); await shot("1need")
    await nara.need(form); await nara.heading("send.who"); await nara.page.locator('input[name="send-who"]').first.wait_for(); await shot("2who")
    await nara.who_can(form.recipients); await nara.heading("send.tell"); await shot("3tell")
    await nara.tell(form);  await nara.heading("send.decision"); lap("tell"); await shot("4decision")
    await nara.page.locator("details.more summary").click(); await shot("4more"); await nara.page.locator("details.more summary").click()
    await nara.decide(form); await nara.heading("send.check"); await shot("5check")
    lap("to check")
    await nara.page.keyboard.press("Control+Enter")
    await nara.page.locator(".sent-rows li").first.wait_for(); lap("sent"); await shot("6sent")
    await nara.place("place.send"); await nara.need(form); await nara.heading("send.who");
    await nara.place("place.inbox"); await nara.page.locator(".draft-row").first.wait_for(); await shot("7inbox")
