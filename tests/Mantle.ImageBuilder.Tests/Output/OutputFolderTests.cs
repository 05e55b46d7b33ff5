using Mantle.ImageBuilder.Output;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Output;

public class OutputFolderTests
{
    private static readonly string[] s_names = ["image.raw", "manifest.json"];

    [Fact]
    public void A_commit_replaces_the_previous_output_as_a_whole()
    {
        using TemporaryFolder folder = new();
        Write(folder["out"], "image.raw", "first");
        Write(folder["out"], "manifest.json", "first");
        Write(folder["out"], "image.raw", "second");

        Assert.Equal(["image.raw"], Directory.GetFiles(folder["out"]).Select(Path.GetFileName));
        Assert.Equal("second", File.ReadAllText(Path.Combine(folder["out"], "image.raw")));
        Assert.Equal(["out"], Directory.GetFileSystemEntries(folder.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void Without_a_commit_the_previous_output_stays_and_nothing_is_left_behind()
    {
        using TemporaryFolder folder = new();
        Write(folder["out"], "image.raw", "first");
        using (OutputFolder unfinished = new(folder["out"], s_names))
        {
            File.WriteAllText(Path.Combine(unfinished.Pending, "image.raw"), "second");
        }

        Assert.Equal("first", File.ReadAllText(Path.Combine(folder["out"], "image.raw")));
        Assert.Equal(["out"], Directory.GetFileSystemEntries(folder.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void What_a_killed_build_left_is_swept_and_a_living_ones_is_not()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["out.pending-1.0"]);
        Directory.CreateDirectory(folder["out.pending-review"]);
        using OutputFolder living = new(folder["out"], s_names);
        using OutputFolder output = new(folder["out"], s_names);

        Assert.NotEqual(living.Pending, output.Pending);
        Assert.True(Directory.Exists(living.Pending));
        Assert.False(Directory.Exists(folder["out.pending-1.0"]));
        Assert.True(Directory.Exists(folder["out.pending-review"]));
    }

    [Fact]
    public void Two_builds_of_one_output_both_finish_and_the_last_wins()
    {
        using TemporaryFolder folder = new();
        using (OutputFolder first = new(folder["out"], s_names))
        using (OutputFolder second = new(folder["out"], s_names))
        {
            File.WriteAllText(Path.Combine(first.Pending, "image.raw"), "first");
            File.WriteAllText(Path.Combine(second.Pending, "image.raw"), "second");
            first.Commit();
            second.Commit();
        }

        Assert.Equal("second", File.ReadAllText(Path.Combine(folder["out"], "image.raw")));
        Assert.Equal(["out"], Directory.GetFileSystemEntries(folder.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void A_link_to_a_folder_stays_and_the_folder_behind_it_is_replaced()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["elsewhere"]);
        Directory.CreateSymbolicLink(folder["out"], "elsewhere");
        Write(folder["out"], "image.raw", "first");

        Assert.Equal("elsewhere", new FileInfo(folder["out"]).LinkTarget);
        Assert.Equal("first", File.ReadAllText(Path.Combine(folder["elsewhere"], "image.raw")));
    }

    [Fact]
    public void A_folder_that_has_the_name_of_a_finished_file_is_not_replaced()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(Path.Combine(folder["out"], "image.raw", "years of work"));
        Assert.Throws<UserErrorException>(() => new OutputFolder(folder["out"], s_names));
    }

    [Fact]
    public void A_folder_with_something_else_in_it_is_not_replaced()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["out"]);
        File.WriteAllText(Path.Combine(folder["out"], "thesis.txt"), "years of work");

        UserErrorException error = Assert.Throws<UserErrorException>(() => new OutputFolder(folder["out"], s_names));
        Assert.Contains("\"thesis.txt\"", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Environment, error.Code);
    }

    private static void Write(string path, string name, string text)
    {
        using OutputFolder output = new(path, s_names);
        File.WriteAllText(Path.Combine(output.Pending, name), text);
        output.Commit();
    }
}
