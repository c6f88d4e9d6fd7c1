"""A proxy that makes every answer late: the latency of a network between a process and its store."""

import asyncio
import sys


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, late: float) -> None:
    # Pieces keep their order and each is as late as the others: latency, not less bandwidth.
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def give() -> None:
        while True:
            at, piece = await waiting.get()
            await asyncio.sleep(at - loop.time())
            if not piece:
                sink.close()
                return
            sink.write(piece)

    giving = asyncio.create_task(give())
    try:
        while piece := await source.read(65536):
            waiting.put_nowait((loop.time() + late, piece))
    except ConnectionError:
        pass
    waiting.put_nowait((0, b""))
    await giving


async def serve(port: int, target: int, late: float) -> None:
    """Pass on what comes to ``port`` at once, and what comes back ``late`` seconds later."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(_pump(reader, up_writer, 0), _pump(up_reader, writer, late))

    server = await asyncio.start_server(one, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
