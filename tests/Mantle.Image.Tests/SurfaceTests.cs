using Mantle.Formats.Bytes;
using Mantle.Formats.Elf;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>What the finished root offers to somebody who is inside: nothing to run but the service.</summary>
public class SurfaceTests(FinishedImage image)
{
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode SetId = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    [Fact]
    public void The_root_has_at_most_three_programs_beside_shared_libraries()
    {
        string[] programs = [.. Files.Below(image.RootFolder).Where(IsProgram)];

        Assert.Equal(["/usr/bin/service", "/usr/bin/unseal", "/usr/sbin/init"], programs);
    }

    [Fact]
    public void Nothing_in_the_root_is_set_id_or_may_be_written_by_everybody()
    {
        string[] modes = Oracle.Succeed("find", image.RootFolder, "-mindepth", "1", "-not", "-type", "l", "(", "-perm", "/6000", "-o", "-perm", "/022", "-not", "-perm", "/1000", ")").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Empty(modes);
        Assert.All(Files.Below(image.RootFolder), path => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(image.RootFolder + path) & SetId));
    }

    [Fact]
    public void Nothing_in_the_root_is_a_device_a_socket_or_a_pipe() =>
        Assert.Equal("", Oracle.Succeed("find", image.RootFolder, "-not", "-type", "f", "-not", "-type", "d", "-not", "-type", "l"));

    [Fact]
    public void No_file_is_a_script_and_none_carries_what_a_shell_or_interpreter_carries()
    {
        // Texts that are in every build of a program of that kind; that they are found at all is shown by the host's own shell.
        string[] marks = ["GNU bash, version", "BusyBox v", "Syntax error: ", "PYTHONPATH", "PERL5LIB", "LUA_PATH", "SUDO_COMMAND", "/etc/shadow", "OpenSSH_"];
        Assert.Contains(marks, mark => Contains(File.ReadAllBytes(Oracle.Require("sh")), mark));
        foreach (string path in Files.Below(image.RootFolder))
        {
            byte[] content = File.ReadAllBytes(image.RootFolder + path);
            Assert.False(content.AsSpan().StartsWith("#!"u8), path);
            if (!IsLibc(path))
            {
                Assert.All(marks, mark => Assert.False(Contains(content, mark), $"{path} contains \"{mark}\""));
            }
        }
    }

    [Fact]
    public void The_roots_own_loader_finds_every_library_inside_the_root()
    {
        string libraries = image.RootFolder + "/usr/lib/x86_64-linux-gnu";
        string loader = libraries + "/ld-linux-x86-64.so.2";
        string listed = Oracle.Succeed(loader, "--inhibit-cache", "--library-path", libraries, "--list", image.RootFolder + "/usr/bin/service");

        string[] lines = [.. listed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim()).Where(line => !line.StartsWith("linux-vdso", StringComparison.Ordinal))];
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Contains(libraries, line, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_name_that_any_program_or_library_needs_is_in_the_root()
    {
        HashSet<string> names = [.. Directory.EnumerateFileSystemEntries(image.RootFolder + "/usr/lib/x86_64-linux-gnu").Select(path => Path.GetFileName(path))];
        foreach (string path in Files.Below(image.RootFolder))
        {
            ByteSource content = ByteSource.OpenFile(image.RootFolder + path);
            if (!ElfFile.IsElf(content) || ElfFile.Read(content) is not { } elf || elf.ReadDynamic() is not { } dynamic)
            {
                continue;
            }

            Assert.Equal(Readelf.Needed(image.RootFolder + path), dynamic.Needed);
            Assert.All(dynamic.Needed, name => Assert.True(names.Contains(name), $"{path} needs {name}"));
            Assert.Null(dynamic.RunPath);
            Assert.True(elf.Interpreter is null or "/lib64/ld-linux-x86-64.so.2", $"{path} asks for {elf.Interpreter}");
        }

        Assert.Equal("usr/lib64", new FileInfo(image.RootFolder + "/lib64").LinkTarget);
        Assert.True(File.Exists(image.RootFolder + "/usr/lib64/ld-linux-x86-64.so.2"));
    }

    [Fact]
    public void No_link_leads_nowhere_or_out_of_the_root()
    {
        foreach (string path in Oracle.Succeed("find", image.RootFolder, "-type", "l").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string target = new FileInfo(path).LinkTarget!;
            string full = Path.GetFullPath(target.StartsWith('/') ? image.RootFolder + target : Path.Combine(Path.GetDirectoryName(path)!, target));
            Assert.StartsWith(image.RootFolder + "/", full, StringComparison.Ordinal);
            Assert.True(Path.Exists(full) || full.StartsWith(image.RootFolder + "/run/", StringComparison.Ordinal), $"{path} leads to {target}");
        }
    }

    /// <summary>What can be started: an ELF file that has no name as a library, or anything else with a permission to execute.</summary>
    private bool IsProgram(string path)
    {
        ByteSource content = ByteSource.OpenFile(image.RootFolder + path);
        return ElfFile.IsElf(content)
            ? ElfFile.Read(content).ReadDynamic()?.SharedObjectName is null
            : (File.GetUnixFileMode(image.RootFolder + path) & Execute) != 0;
    }

    // libc names the files and messages of other programs that its functions read or print.
    private static bool IsLibc(string path) => path.EndsWith("/libc.so.6", StringComparison.Ordinal);

    private static bool Contains(byte[] content, string text) => content.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(text)) >= 0;
}
