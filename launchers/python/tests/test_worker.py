"""What a worker does beyond the cases of launchers/conformance."""
import os
import unittest

from harness import Case, frame, header_of


class Worker(Case):
    def test_calls_in_the_pipe_are_answered_in_order(self):
        worker = self.worker("def handler(input, environment):\n    return input + environment.id\n")
        calls = b"".join(frame(b"I", header_of(id=str(number)), b"call " * number) for number in range(200))
        os.write(worker.outgoing, calls[:50000])
        os.write(worker.outgoing, calls[50000:])
        for number in range(200):
            self.assertEqual(worker.receive(), ("T", {}, b"call " * number + str(number).encode()))

    def test_results_find_their_form(self):
        def check(expression, kind, body, header=None):
            answer = self.answer(f"import collections, enum\ndef handler(input, environment):\n    return {expression}\n")
            self.assertEqual(answer, (kind, header or {}, body), expression)

        check("'ä'", "T", "ä".encode())
        check("type('Text', (str,), {})('x')", "T", b"x")
        check("bytearray(b'x')", "O", b"x")
        check("memoryview(b'xyz')[::2]", "O", b"xz")
        check("('a', 1.5, None)", "J", b'["a",1.5,null]')
        check("collections.OrderedDict(ä='ü')", "J", '{"ä":"ü"}'.encode())
        check("enum.IntEnum('E', 'A B').B", "J", b"2")
        check("False", "J", b"false")
        check("0", "J", b"0")

    def test_what_has_no_form_is_an_error_that_says_so(self):
        def check(expression, *parts):
            kind, header, _ = self.answer(f"import datetime, decimal\ndef handler(input, environment):\n    return {expression}\n")
            self.assertEqual(kind, "E", expression)
            for part in parts:
                self.assertIn(part, header["message"])

        check("[decimal.Decimal('1.5')]", "decimal.Decimal", "JSON")
        check("{'now': datetime.datetime.now()}", "datetime.datetime", "JSON")
        check("{1, 2}", "type set")
        check("float('nan')", "JSON")
        check("{(1, 2): 3}", "keys must be")
        check("'\\ud800'", "surrogates")
        check("iter([1])", "pieces are text or bytes")

    def test_an_error_does_not_spoil_the_next_result(self):
        worker = self.worker("shared = {}\ndef handler(input, environment):\n    return {'a': shared, 'b': {1} if input else 2}\n")
        self.assertEqual(worker.call(b"x")[0], "E")
        self.assertEqual(worker.call()[2], b'{"a":{},"b":2}')

    def test_coroutines_are_awaited_in_one_loop(self):
        worker = self.worker("import asyncio\nlock = asyncio.Lock()\nloops = set()\nasync def handler(input, environment):\n"
                             "    async with lock:\n        loops.add(id(asyncio.get_running_loop()))\n        return {'loops': len(loops)}\n")
        self.assertEqual([worker.call()[2] for _ in range(3)], [b'{"loops":1}'] * 3)

    def test_pieces_are_sent_as_they_come(self):
        worker = self.worker("def handler(input, environment):\n    environment.code = 201\n    yield 'one'\n    yield b'two'\n")
        self.assertEqual(worker.pieces(), [("C", {"code": 201, "headers": {"content-type": "text/plain; charset=utf-8"}}, b"one"), ("C", {}, b"two"), ("T", {}, b"")])
        self.assertEqual([kind for kind, _, _ in worker.pieces()], ["C", "C", "T"])

    def test_pieces_of_an_async_generator_and_none_at_all(self):
        worker = self.worker("async def handler(input, environment):\n    environment.code = 404\n    for piece in input.split():\n        yield piece.encode()\n")
        self.assertEqual(worker.pieces(b"a b"), [("C", {"code": 404, "headers": {"content-type": "application/octet-stream"}}, b"a"), ("C", {}, b"b"), ("O", {}, b"")])
        self.assertEqual(worker.pieces(b""), [("T", {"code": 404}, b"")])

    def test_an_error_between_pieces_ends_them(self):
        worker = self.worker("def handler(input, environment):\n    yield 'one'\n    raise ValueError('two')\n")
        self.assertEqual([kind for kind, _, _ in worker.pieces()], ["C", "E"])

    def test_handlers_are_found_by_their_usual_names(self):
        def check(source, expected, **changes):
            self.assertEqual(self.answer(source, **changes)[2], expected, source)

        check("globals()['lambda'] = lambda input, environment: 'lambda'\ndef lambda_(i, e):\n    pass\n", b"lambda")
        check("def handler(i, e):\n    return 'handler'\ndef lambda_(i, e):\n    return 'lambda_'\n", b"lambda_")
        check("class Orders:\n    @staticmethod\n    def create(i, e):\n        return 'created'\n", b"created", handler="Orders.create")
        check("def create(i, e):\n    return 'created'\n", b"created", handler="lambda.create")
        check("def lambda_(i, e):\n    return 'keyword'\n", b"keyword", handler="lambda")
        check("def handler(i, e):\n    return 'keyword'\n", b"keyword", handler="lambda.lambda")

    def test_files_load_by_path_whatever_their_name(self):
        for file in ("lambda.py", "json.py", "os.py", "two words.py", "a.b.py", "src/app.py", "test/inner.py", "package/__init__.py"):
            self.write(file, "def handler(input, environment):\n    return __name__ + '|' + __file__\n")
            answer = self.answer(None, file=file)
            self.assertEqual(answer[0], "T", answer)
            self.assertTrue(answer[2].decode().endswith("|" + os.path.join(self.folder, file)), answer)

    def test_siblings_are_imported_and_come_before_others(self):
        self.write("helpers.py", "name = 'helper'\n")
        self.write("queue.py", "name = 'own queue'\n")
        self.write("parts/__init__.py", "")
        self.write("parts/inner.py", "from . import other\n")
        self.write("parts/other.py", "import helpers\nname = helpers.name + ' of a part'\n")
        source = "import helpers, queue\nfrom parts import inner\ndef handler(input, environment):\n    return [helpers.name, queue.name, inner.other.name]\n"
        self.assertEqual(self.answer(source)[2], b'["helper","own queue","helper of a part"]')

    def test_a_file_in_a_folder_finds_what_lies_beside_it(self):
        self.write("src/beside.py", "name = 'beside'\n")
        self.write("above.py", "name = 'above'\n")
        self.write("src/app.py", "import above, beside\nfrom . import beside as the_same\ndef handler(input, environment):\n    return beside.name + above.name\n")
        self.assertEqual(self.answer(None, file="src/app.py")[2], b"besideabove")

    def test_the_folder_is_not_written_to(self):
        self.write("helpers.py", "name = 'helper'\n")
        self.answer("import helpers\ndef handler(input, environment):\n    return ''\n")
        self.assertEqual(sorted(os.listdir(self.folder)), ["helpers.py", "lambda.py"])

    def test_byte_code_of_a_file_replaced_within_the_same_second_is_not_taken(self):
        source = "import helpers\ndef handler(input, environment):\n    return helpers.name\n"
        for name in ("one", "two", "six"):
            os.utime(self.write("helpers.py", f"name = '{name}'\n"), (1000000000, 1000000000))
            self.assertEqual(self.answer(source)[2], name.encode())

    def test_a_broken_load_says_what_and_where(self):
        def check(source, kind, *parts, **changes):
            hello = self.worker(source, **changes).hello
            self.assertEqual((hello[0], hello[1]["kind"]), ("B", kind), hello)
            for part in parts:
                self.assertIn(part, hello[1]["message"])

        check("import no_such_module\n", "import", "no_such_module", "lambda.py, line 1", ".venv")
        check("x = 1\ndef f(:\n", "syntax", "lambda.py, line 2")
        check("raise ValueError('on \\ud800 purpose')\n", "load", "ValueError: on \\ud800 purpose", "lambda.py, line 1")
        check("import sys\nsys.exit('over')\n", "load", "exit('over')")
        check("def other(i, e):\n    pass\n", "missing", "lambda, lambda_ or handler", "other")
        check("def other(i, e):\n    pass\n", "missing", "lambda.py has no wanted", "other", handler="wanted")
        check("handler = 3\n", "missing", "no function but of type int")
        check(None, "missing", "no file gone.py", file="gone.py")

    def test_traces_show_the_functions_lines_only(self):
        kind, header, _ = self.answer("def handler(input, environment):\n    return inner()\ndef inner():\n    return 1 / 0\n")
        self.assertEqual((kind, header["type"], header["message"]), ("E", "ZeroDivisionError", "division by zero"))
        self.assertIn("in inner\n    return 1 / 0", header["trace"])
        self.assertNotIn("_shortedfaas", header["trace"])

    def test_errors_that_cannot_be_read_are_errors_still(self):
        source = "class Bad(Exception):\n    def __str__(self):\n        raise ValueError\ndef handler(input, environment):\n    raise {}\n"
        self.assertIn("cannot be read", self.answer(source.format("Bad"))[1]["message"])
        self.assertEqual(self.answer(source.format("KeyboardInterrupt"))[1]["type"], "KeyboardInterrupt")
        self.assertEqual(self.answer(source.format("SystemExit(3)"))[1]["message"], "the code called exit(3)")
        self.assertLess(len(self.answer(source.format("ValueError('x' * 10 ** 7)"))[1]["message"]), 100000)

    def test_environment_is_an_object_and_a_map(self):
        source = ("def handler(input, environment):\n    environment['code'] = 201\n    environment.response_headers['X-N'] = 5\n"
                  "    environment.response_headers['none'] = None\n    return [environment['id'], environment.get('none', 'default'), environment.function, environment.path_info]\n")
        self.assertEqual(self.answer(source, call={"path_info": "/x"}), ("J", {"code": 201, "headers": {"X-N": "5"}}, b'["01","default","greeter","/x"]'))

    def test_environment_of_an_asynchronous_call_has_code_202(self):
        source = "def handler(input, environment):\n    return environment.code\n"
        self.assertEqual(self.answer(source, call={"asynchronous": True}), ("J", {}, b"202"))

    def test_what_cannot_be_a_code_or_a_header_is_an_error(self):
        for statement in ("environment.code = '404'", "environment.code = True", "environment.response_headers['x'] = {}", "environment.response_headers = 5"):
            self.assertEqual(self.answer(f"def handler(input, environment):\n    {statement}\n")[0], "E", statement)

    def test_an_unknown_attribute_is_an_attribute_error(self):
        self.assertEqual(self.answer("def handler(input, environment):\n    return environment.colour\n")[1]["type"], "AttributeError")

    def test_everything_printed_is_there_before_the_answer(self):
        worker = self.worker("import sys\ndef handler(input, environment):\n    print('a', end='')\n    sys.stderr.write('b')\n    sys.stdout = None if input else sys.stdout\n")
        worker.call()
        self.assertEqual(sorted(worker.logged()), ["a", "b"])
        self.assertEqual(worker.call(b"x")[0], "T")
        self.assertEqual(worker.call(b"x")[0], "T")

    def test_what_is_open_at_the_end_is_written(self):
        worker = self.worker("import atexit\nfile = open('out.txt', 'w')\natexit.register(lambda: file.write(' and at exit'))\n"
                             "def handler(input, environment):\n    file.write('buffered')\n")
        worker.call()
        self.assertEqual(worker.shut_down(), 0)
        with open(os.path.join(self.folder, "out.txt")) as file:
            self.assertEqual(file.read(), "buffered and at exit")

    def test_a_thread_left_does_not_hold_up_the_end(self):
        worker = self.worker("import threading, time\ndef handler(input, environment):\n    threading.Thread(target=time.sleep, args=[3600]).start()\n")
        worker.call()
        self.assertEqual(worker.shut_down(), 0)

    def test_the_end_of_the_pipe_is_the_end(self):
        worker = self.worker("def handler(input, environment):\n    pass\n")
        os.close(worker.outgoing)
        worker.outgoing = os.dup(0)
        self.assertEqual(worker.process.wait(), 0)

    def test_forked_children_end_without_an_answer(self):
        source = ("import os, sys\ndef handler(input, environment):\n    if os.fork() == 0:\n        {}\n        return 'child'\n"
                  "    return str(os.waitstatus_to_exitcode(os.wait()[1]) if hasattr(os, 'waitstatus_to_exitcode') else os.WEXITSTATUS(os.wait()[1]))\n")
        for statement, code in (("pass", b"0"), ("sys.exit(3)", b"3"), ("raise ValueError('in the child')", b"1"), ("print('said', end='')", b"0")):
            worker = self.worker(source.format(statement))
            self.assertEqual(worker.call(), ("T", {}, code), statement)
            self.assertEqual(worker.call(), ("T", {}, code), statement)
        self.assertEqual(worker.logged(), "saidsaid")

    def test_multiprocessing_works(self):
        source = ("import multiprocessing\ndef double(n):\n    return n * 2\ndef handler(input, environment):\n"
                  "    with multiprocessing.get_context(input).Pool(2) as pool:\n        return pool.map(double, [1, 2])\n")
        worker = self.worker(source)
        for method in (b"fork", b"spawn"):
            self.assertEqual(worker.call(method), ("J", {}, b"[2,4]"))

    def test_declared_variables_are_process_variables(self):
        source = "import os\nat_load = os.environ['COLOUR']\ndef handler(input, environment):\n    return at_load + environment.variables['COLOUR']\n"
        self.assertEqual(self.answer(source, variables={"COLOUR": "blue"})[2], b"blueblue")

    def test_python_variables_of_the_function_count(self):
        self.write("elsewhere/extra.py", "name = 'extra'\n")
        source = "import extra\ndef handler(input, environment):\n    return extra.name\n"
        self.assertEqual(self.answer(source, variables={"PYTHONPATH": os.path.join(self.folder, "elsewhere")})[2], b"extra")
        self.assertEqual(self.answer("def handler(i, e):\n    return 'safe'\n", variables={"PYTHONSAFEPATH": "1"})[2], b"safe")

    def test_output_is_utf_8_whatever_the_locale(self):
        worker = self.worker("def handler(input, environment):\n    print('ä\\ud800')\n", variables={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"})
        self.assertEqual(worker.call()[0], "T")
        self.assertEqual(worker.logged(), "ä\\ud800\n")

    def test_warnings_logged_go_to_the_log(self):
        worker = self.worker("import logging\ndef handler(input, environment):\n    logging.warning('careful')\n    logging.info('quiet')\n")
        worker.call()
        self.assertIn("careful", worker.logged())
        self.assertNotIn("quiet", worker.logged())

    def test_a_large_body_comes_and_goes_whole(self):
        worker = self.worker("def handler(input, environment):\n    return input\n", input="bytes")
        body = bytes(range(256)) * 40000
        import threading
        threading.Thread(target=worker.send, args=[b"I", header_of(), body]).start()
        self.assertTrue(worker.receive() == ("O", {}, body))


if __name__ == "__main__":
    unittest.main()
