using Mantle.Model;

namespace Mantle.Service;

/// <summary>Loads the model.</summary>
internal static class Weights
{
    /// <summary>Null where there is no file: an image without the volume of its weights runs, and says that it has no model.</summary>
    /// <exception cref="InvalidDataException">It is no model. A volume with another thing in it is a mistake that nobody should have to guess.</exception>
    /// <exception cref="IOException">It cannot be read: a verified volume fails so where it was changed.</exception>
    public static LanguageModel? TryLoad(string? path)
    {
        if (path is null || !File.Exists(path))
        {
            return null;
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return ModelFile.Read(file, file.Length);
    }
}
