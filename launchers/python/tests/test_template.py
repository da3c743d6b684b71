"""The fork server: workers share what it loaded, and nothing else."""
import os
import signal
import time
import unittest

from harness import PATIENCE_S, Case

COUNTING = """
import extra
calls = 0
def handler(input, environment):
    global calls
    calls += 1
    extra.seen.append(input)
    return [calls, len(extra.seen), extra.process]
"""


def gone(pid):
    """Whether a process has ended; it may be a zombie until someone reaps it."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Template(Case):
    def package(self, name, source):
        """A module outside of the function's folder."""
        elsewhere = self.launcher_folder + "-packages"
        os.makedirs(elsewhere, exist_ok=True)
        path = os.path.join(elsewhere, name + ".py")
        with open(path, "w") as file:
            file.write(source)
        self.addCleanup(os.remove, path)
        return {"PYTHONPATH": elsewhere}

    def wait_until(self, condition):
        until = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), until, "waited in vain")
            os.sched_yield()

    def test_imports_are_shared_and_state_is_not(self):
        variables = self.package("extra", "import os\nprocess = os.getpid()\nseen = []\n")
        template = self.template(COUNTING, variables=variables)
        self.assertEqual(template.hello[0], "H")
        for _ in range(3):
            worker = template.fork()
            self.assertEqual(worker.hello[0], "H", worker.hello)
            self.assertEqual(worker.hello[1]["pid"], worker.pid)
            self.assertEqual(worker.call(b"a"), ("J", {}, b"[1,1,%d]" % template.process.pid))
            self.assertEqual(worker.call(b"a"), ("J", {}, b"[2,2,%d]" % template.process.pid))

    def test_the_functions_own_files_are_run_in_each_worker(self):
        self.write("helpers.py", "import os, extra\nprocess = os.getpid()\n")
        variables = self.package("extra", "import os\nprocess = os.getpid()\n")
        template = self.template("import helpers\ndef handler(input, environment):\n    return [helpers.process, helpers.extra.process]\n", variables=variables)
        for _ in range(2):
            worker = template.fork()
            self.assertEqual(worker.call()[2], b"[%d,%d]" % (worker.pid, template.process.pid))

    def test_a_file_changed_since_is_read_anew(self):
        self.write("helpers.py", "name = 'one'\n")
        source = "import helpers\ndef handler(input, environment):\n    return helpers.name + ' {}'\n"
        template = self.template(source.format(1))
        self.assertEqual(template.fork().call()[2], b"one 1")
        self.write("helpers.py", "name = 'two'\n")
        self.write("lambda.py", source.format(2))
        self.assertEqual(template.fork().call()[2], b"two 2")

    def test_random_numbers_differ(self):
        template = self.template("import random, uuid, os\ndef handler(input, environment):\n    return str([random.random(), uuid.uuid4(), os.urandom(4)])\n")
        answers = {template.fork().call()[2] for _ in range(5)}
        self.assertEqual(len(answers), 5)

    def test_a_module_that_starts_threads_is_left_to_the_workers(self):
        variables = self.package("threads", "import os, threading, time\nthreading.Thread(target=time.sleep, args=[3600], daemon=True).start()\nprocess = os.getpid()\n")
        self.package("extra", "import os\nprocess = os.getpid()\n")
        template = self.template("import threads, extra\ndef handler(input, environment):\n    return [threads.process, extra.process]\n", variables=variables)
        worker = template.fork()
        self.assertEqual(worker.call()[2], b"[%d,%d]" % (worker.pid, template.process.pid))

    def test_a_module_that_opens_descriptors_is_left_to_the_workers(self):
        variables = self.package("opens", "import os, select\npolled = select.epoll()\nprocess = os.getpid()\n")
        self.package("extra", "import os\nnull = open('/dev/null')\nprocess = os.getpid()\n")
        template = self.template("import extra, opens\ndef handler(input, environment):\n    return [opens.process, extra.process]\n", variables=variables)
        worker = template.fork()
        self.assertEqual(worker.call()[2], b"[%d,%d]" % (worker.pid, template.process.pid))

    def test_files_beside_the_handler_in_a_folder_are_the_functions_own(self):
        variables = self.package("extra", "import os\nprocess = os.getpid()\n")
        self.write("src/beside.py", "import extra, os\nprocess = os.getpid()\n")
        self.write("src/app.py", "import beside\nfrom . import beside as other\ndef handler(input, environment):\n    return [beside.process, other.extra.process]\n")
        template = self.template(file="src/app.py", variables=variables)
        worker = template.fork()
        self.assertEqual(worker.call()[2], b"[%d,%d]" % (worker.pid, template.process.pid))

    def test_a_module_that_would_find_one_of_the_functions_own_is_left_to_the_workers(self):
        variables = self.package("extra", "import os\ntry:\n    import shared_name\nexcept ImportError:\n    shared_name = None\nprocess = os.getpid()\n")
        self.write("shared_name.py", "name = 'of the function'\n")
        template = self.template("import extra\ndef handler(input, environment):\n    return [extra.process, extra.shared_name.name]\n", variables=variables)
        worker = template.fork()
        self.assertEqual(worker.call()[2], b'[%d,"of the function"]' % worker.pid)

    def test_own_files_with_the_name_of_a_standard_module_are_found(self):
        names = ("socket", "ast", "queue", "signal", "json", "ctypes")
        for name in names:
            self.write(name + ".py", f"name = 'own {name}'\n")
        imports = ", ".join(names)
        source = f"import {imports}\ndef handler(input, environment):\n    return [one.name for one in ({imports})]\n"
        expected = self.answer(source)
        self.assertEqual(expected[0], "J", expected)
        self.assertEqual(self.template(source).fork().call(), expected)

    def test_imports_that_fail_hang_on_to_nothing(self):
        variables = self.package("leaves", "import sys\nsys.exit(5)\n")
        template = self.template("import leaves\ndef handler(input, environment):\n    pass\n", variables=variables)
        self.assertEqual(template.hello[0], "H")
        worker = template.fork()
        self.assertEqual(worker.hello[0], "B")
        self.assertIn("exit(5)", worker.hello[1]["message"])
        self.assertEqual(template.reap(worker)["status"], 1 << 8)

    def test_broken_files_are_broken_workers(self):
        for source, kind in (("def f(:\n", "syntax"), ("import no_such_module\n", "import"), ("x = 1\n", "missing")):
            template = self.template(source)
            self.assertEqual(template.hello[0], "H")
            self.assertEqual(template.fork().hello[1]["kind"], kind)
        self.assertEqual(self.template(file="gone.py").fork().hello[1]["kind"], "missing")

    def test_a_worker_that_ends_is_reaped_when_asked(self):
        template = self.template("import os, signal\ndef handler(input, environment):\n    os.kill(os.getpid(), signal.SIGKILL)\n")
        ended, killed = template.fork(), template.fork()
        ended.send(b"S")
        self.assertIsNone(ended.receive())
        usage = template.reap(ended)
        self.assertEqual((usage["pid"], usage["status"]), (ended.pid, 0))
        self.assertGreater(usage["cpu_us"], 0)
        self.assertGreater(usage["max_rss_bytes"], 1 << 20)
        self.assertIsNone(killed.call())
        self.assertEqual(template.reap(killed)["status"], signal.SIGKILL)

    def test_a_worker_leads_a_group_and_holds_no_other_descriptors(self):
        source = "import os\ndef handler(input, environment):\n    return [os.getpgid(0), sorted(int(name) for name in os.listdir('/proc/self/fd'))]\n"
        template = self.template(source)
        first, second = template.fork(), template.fork()
        for worker in (first, second):
            group, descriptors = eval(worker.call()[2])
            self.assertEqual(group, worker.pid)
            # The last one read the folder.
            self.assertEqual([number for number in descriptors if number not in (0, 1, 2, 3, 4, 250, 251)], [5])

    def test_several_frames_at_once_keep_their_descriptors(self):
        template = self.template("def handler(input, environment):\n    return input\n")
        import array
        import socket

        from harness import Worker, frame
        pipes = [(os.pipe(), os.pipe()) for _ in range(5)]
        for (from_host, _), (_, to_host) in pipes:
            template.socket.sendmsg([frame(b"R", {"pid": 1}) + frame(b"?"), frame(b"F")],
                                    [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2, from_host, to_host]))])
        for (from_host, to_worker), (from_worker, to_host) in pipes:
            self.assertEqual(template.receive()[0], "P")
            os.close(from_host)
            os.close(to_host)
            worker = Worker(from_worker, to_worker, template.load)
            template.workers.append(worker)
            self.assertEqual(worker.call(b"x"), ("T", {}, b"x"))

    def test_workers_end_with_the_template(self):
        template = self.template("import subprocess\nchild = subprocess.Popen(['sleep', '3600'])\ndef handler(input, environment):\n    return str(child.pid)\n")
        worker = template.fork()
        grandchild = int(worker.call()[2])
        template.socket.shutdown(2)
        self.wait_until(lambda: gone(worker.pid) and gone(grandchild))
        self.assertEqual(template.process.wait(), 0)

    def test_workers_end_with_a_template_that_is_killed(self):
        template = self.template("def handler(input, environment):\n    pass\n")
        worker = template.fork()
        self.assertEqual(worker.call()[0], "T")
        template.process.kill()
        self.wait_until(lambda: gone(worker.pid))

    def test_two_workers_run_at_once(self):
        template = self.template("def handler(input, environment):\n    return input\n")
        first, second = template.fork(), template.fork()
        self.assertEqual([second.call(b"2")[2], first.call(b"1")[2]], [b"2", b"1"])

    def test_signatures_work_too(self):
        template = self.template("import logging\ndef lambda_handler(event, context):\n    return event['a']\n", signature="aws")
        self.assertEqual(template.fork().call(b'{"a": 1}'), ("J", {}, b"1"))


if __name__ == "__main__":
    unittest.main()
