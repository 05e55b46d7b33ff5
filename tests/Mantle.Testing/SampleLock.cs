namespace Mantle.Testing;

/// <summary>The lock that the sample appliance's images are built from in this run.</summary>
public static class SampleLock
{
    /// <summary>The temporary one that <c>build/image</c> makes when a locked package has left Debian's archive; otherwise the committed one.</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        string temporary = Repository.PathOf("artifacts", "relock", "appliance.lock.json");
        return File.Exists(temporary) ? temporary : Repository.PathOf("appliance", "appliance.lock.json");
    }
}
