"""Maps of neurons and prompts: PCA, t-SNE, clusters and what their labels say."""
