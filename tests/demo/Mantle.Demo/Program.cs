using Mantle.Demo;

// make demo: runs the demonstration in a folder of its own and tells it on standard output.
string folder = Directory.CreateTempSubdirectory("mantle-demo-").FullName;
Transcript transcript = new(Console.Out);
try
{
    await using Cloud cloud = await Cloud.StartAsync(Path.Combine(folder, "kms-root.pem"));
    Demonstration demonstration = new(new Workshop(folder, transcript), cloud, transcript);
    foreach ((string title, Action run) in demonstration.Chapters)
    {
        transcript.Chapter(title);
        run();
    }

    transcript.Chapter("Done");
    return 0;
}
#pragma warning disable CA1031 // whatever went wrong, one line says so
catch (Exception exception)
{
    transcript.Say($"FAILED: {exception.Message}");
    return 1;
}
#pragma warning restore CA1031
finally
{
    if (args is not ["--keep"])
    {
        Directory.Delete(folder, recursive: true);
    }
}
