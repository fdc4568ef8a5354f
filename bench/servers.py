"""servers.py - Portwarden and its peers, each started on a free port of loopback and ended by pid."""
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.request


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A process that is ready when GET `ready` answers."""
    ready = "/"

    def __init__(self):
        self.port, self.process = free_port(), None

    def address(self):
        return f"127.0.0.1:{self.port}"

    def url(self):
        return f"http://{self.address()}"

    def begin(self, command, log, env=None):
        self.process = subprocess.Popen(command, stdout=open(log, "ab"), stderr=subprocess.STDOUT, env=env)
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url() + self.ready, timeout=2).read()
                return self
            except urllib.error.HTTPError:
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{command[0]} did not get ready; see {log}")

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Portwarden(Server):
    ready = "/readyz"

    def __init__(self, root, work):
        super().__init__()
        self.program, self.data, self.work = str(root / "build/portwarden"), work / "data", work

    def run(self, *words, **more):
        return subprocess.run([self.program, *words, "--data", str(self.data)], check=True,
                              capture_output=True, text=True, **more)

    def start(self):
        if self.process is None:
            self.run("init")
            self.begin([self.program, "serve", "--data", str(self.data), "--listen", self.address()],
                       self.work / "portwarden.log")
        return self

    def pss_mib(self):
        """Proportional memory of all processes of the server, zygote included."""
        def tree(pid):
            yield pid
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                children = task
                for child in children.read_text().split():
                    yield from tree(int(child))
        total = 0
        for pid in set(tree(self.process.pid)):
            try:
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
            except OSError:
                pass
        return total / 1024


class DockerRegistry(Server):
    ready = "/v2/"

    def __init__(self, work):
        super().__init__()
        self.work = work

    def start(self):
        if self.process is None:
            config = self.work / "docker-registry.yml"
            config.write_text("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
                              "storage: {delete: {enabled: true}, cache: {blobdescriptor: inmemory}, "
                              f"filesystem: {{rootdirectory: {self.work}/docker-registry}}}}\n"
                              f"http: {{addr: \"{self.address()}\"}}\n")
            self.begin([shutil.which("docker-registry"), "serve", str(config)], self.work / "docker-registry.log")
        return self


class Nginx(Server):
    def __init__(self, work):
        super().__init__()
        self.work, self.files = work, work / "nginx-files"
        self.files.mkdir()

    def start(self):
        if self.process is None:
            config = self.work / "nginx.conf"
            config.write_text(f"""daemon off; worker_processes 2; pid {self.work}/nginx.pid; error_log {self.work}/nginx.err;
user root; events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; client_body_temp_path {self.work}/nb; proxy_temp_path {self.work}/np;
 fastcgi_temp_path {self.work}/nf; uwsgi_temp_path {self.work}/nu; scgi_temp_path {self.work}/ns;
 server {{ listen {self.address()}; root {self.files}; keepalive_requests 1000000; }} }}
""")
            self.begin([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(config)], self.work / "nginx.log")
        return self
