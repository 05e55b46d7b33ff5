using Mantle.ImageBuilder.Publishing.Upload;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>Who watches a publication, and decides.</summary>
public interface IPublishWatcher : IDialogue
{
    /// <summary>Runs something that takes long and shows how far it is.</summary>
    Task<T> ShowAsync<T>(Func<IProgress<UploadProgress>, Task<T>> work);
}
