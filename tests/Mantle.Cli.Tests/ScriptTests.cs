using Mantle.Testing;

namespace Mantle.Cli.Tests;

public class ScriptTests
{
    public static TheoryData<string> Scripts =>
        [.. Directory.GetFiles(Repository.PathOf("tests", "scripts"), "*.txt").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void The_transcript_comes_true(string name) => TerminalScript.Run(Repository.PathOf("tests", "scripts", name + ".txt"));
}
